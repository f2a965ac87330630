"""crop: finds the main face of every image once, then cuts the crops from the stored boxes."""

from pipeline.experiment.data_summary import say_faces
from pipeline.experiment.device import choose_device
from pipeline.experiment.work import Work
from pipeline.jobs.run import check_launch
from pipeline.preprocessing.crop_images import (
    check_test_faces,
    cut_crops,
    find_faces,
    say_upright,
)
from pipeline.preprocessing.face_advice import face_advice
from pipeline.storage import display_path, read_table
from pipeline.tables import FACES, IMAGES, check_table


def check(work: Work) -> None:
    """Raises ValueError where the cluster that is asked for can't be used."""
    check_launch(work.settings)


def run(work: Work) -> None:
    """Writes the faces table and the crops, each where it is missing."""
    images = check_table(read_table(work.runs.images), IMAGES)
    if not work.runs.faces.exists():
        find_faces(work, images)
    faces = check_table(read_table(work.runs.faces), FACES)
    said = check_test_faces(work.settings.competition, images, faces, root=work.runs.root)
    if said:
        print(f"crop: {said}")
    cut_crops(work, images, faces)
    said = say_upright(work.settings, faces)
    if said:
        print(f"crop: {said}")
    if work.settings.crop.faces == "detect":
        device = str(choose_device(work.settings)[0])
        crop, root = work.settings.crop, work.runs.root
        for sentence in face_advice(faces, images, crop=crop, root=root, device=device):
            print(f"crop: {sentence}")
    stores = ", ".join(display_path(store) for store in work.runs.crop_stores)
    print(f"crop: {say_faces(faces)}; wrote {display_path(work.runs.faces)} and {stores}")
