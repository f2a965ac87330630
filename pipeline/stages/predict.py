"""predict: all faces of images, folders and videos, answered by the ensemble; annotated images
and a table."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from pipeline.console import follow
from pipeline.console.installation import COMMAND
from pipeline.experiment.work import Work
from pipeline.images.read import UnreadableImageError, read_image
from pipeline.inference.choice import ENSEMBLE, check_by, left_out, read_min_face
from pipeline.inference.faces_table import NO_FACE, face_rows, faces_frame
from pipeline.inference.video import answer_video, read_fps
from pipeline.labels.answer_groups import say_alone
from pipeline.labels.frames import is_video
from pipeline.stages.status import say_untrained
from pipeline.storage import atomic_write, display_path, write_table


def check(work: Work) -> None:
    """Raises ValueError for a word that is no file or folder, or an option that can't be."""
    if not work.words:
        raise ValueError(
            f"predict: name images, folders or videos; {COMMAND} demo "
            f"{work.settings.as_typed} takes a camera, in a browser"
        )
    for word in work.words:
        if not Path(word).expanduser().exists():
            raise ValueError(f"predict: no file or folder {word}")
    check_by(work.settings, work.runs, work.options.get("by", ENSEMBLE))
    read_fps(work.options)
    read_min_face(work.options)
    say_untrained(work, "predict")


def run(work: Work) -> None:
    """Writes an annotated image or video a file, and one table of all faces."""
    from PIL import Image

    from pipeline.features.stack.predictor import load_stack_layers
    from pipeline.inference.annotate import draw_faces
    from pipeline.inference.face_predictor import FacePredictor

    by = work.options.get("by", ENSEMBLE)
    predictor = FacePredictor(
        work.settings,
        work.runs,
        by=by,
        min_face=read_min_face(work.options),
        stack=load_stack_layers(work.settings, work.runs, by=by),
    )
    for said in left_out(work.settings, work.runs, predictor.by):
        print(f"predict: {said}")
    per = work.settings.competition.answer.per
    if per is not None:
        print(f"predict: {say_alone('answered', per=per)}")
    rows = []
    taken: set[str] = set()
    files = list(_files(work.words))
    if not files:
        raise ValueError(f"predict: no file in {', '.join(work.words)}")
    for path, name in follow(files, desc="predict", unit="files"):
        if is_video(path):
            made = work.runs.predicted(_free(name, ".mp4", taken))
            rows += answer_video(predictor, path, made, fps=read_fps(work.options))
            continue
        try:
            image = read_image(path)
        except UnreadableImageError as error:
            rows.append({"file": str(path), "status": str(error)})
            continue
        faces = predictor(image)
        rows += face_rows(str(path), faces)
        annotated = Image.fromarray(draw_faces(image, faces))
        with atomic_write(work.runs.predicted(_free(name, ".jpg", taken))) as temporary:
            annotated.save(temporary, quality=92)
    table = work.runs.predicted("faces.csv")
    frame = faces_frame(rows, predictor.spec.readings)
    write_table(table, frame)
    if set(frame["status"]).isdisjoint({"ok", NO_FACE}):
        first = frame.iloc[0]
        raise ValueError(
            f"predict: none of {len(files)} files can be read, the first is {first['file']}: "
            f"{first['status']}"
        )
    _say(
        frame,
        num_files=len(files),
        table=table,
        by=predictor.by,
        crop_faces=work.settings.crop.faces,
    )


def _files(words: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """Every file with the name its annotated image gets; of a folder all but hidden ones."""
    for word in words:
        path = Path(word).expanduser()
        if path.is_dir():
            for inside in sorted(p for p in path.rglob("*") if p.is_file()):
                parts = inside.relative_to(path).parts
                if not any(part.startswith(".") for part in parts):
                    yield inside, "/".join(parts)
        else:
            yield path, path.name


def _free(name: str, suffix: str, taken: set[str]) -> str:
    """A name that no other image of this command has."""
    stem = str(Path(name).with_suffix(""))
    number = 1
    found = f"{stem}{suffix}"
    while found in taken:
        number += 1
        found = f"{stem}-{number}{suffix}"
    taken.add(found)
    return found


def _say(frame: pd.DataFrame, *, num_files: int, table: Path, by: str, crop_faces: str) -> None:
    counts = frame["status"].map(lambda s: s if s in ("ok", NO_FACE) else "not read").value_counts()
    faces = int(counts.get("ok", 0))
    said = [f"{faces} face{'s' * (faces != 1)} in {num_files} file{'s' * (num_files != 1)}"]
    said += [f"{counts[word]} {word}" for word in (NO_FACE, "not read") if word in counts]
    for _, row in frame[~frame["status"].isin(["ok", NO_FACE])].head(3).iterrows():
        print(f"predict: {row['file']}: {row['status']}")
    if crop_faces != "detect":
        print(f"predict: crop.faces is {crop_faces}: each image is taken for a face")
    print(
        f"predict: {', '.join(said)}, answered by {by}; wrote {display_path(table)} and "
        "images beside it"
    )
