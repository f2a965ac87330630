"""Labels that a mirrored image does not keep."""

from pathlib import Path

from pipeline.features.new_contest.make_config import look_for_crop, measure
from pipeline.features.new_contest.mirror_labels import find_places
from pipeline.features.new_contest.understand import understand_folder
from tests.features.new_contest.drawn import draw, table


def test_places_in_an_image_keep_it_whole(tmp_path: Path) -> None:
    names = [f"{number}.png" for number in range(12)]
    draw(tmp_path, [f"train/{name}" for name in names], side=200)
    rows = [(name, place + 0.5, 90.5 - place) for place, name in enumerate(names)]
    table(tmp_path / "train.csv", "image,nose_x,nose_y", rows)
    table(tmp_path / "sample_submission.csv", "image,nose_x,nose_y", [(names[0], 0, 0)])
    found = understand_folder(tmp_path)
    assert found.draft is not None
    assert find_places(found.draft.tasks) == "nose_x"
    crop = look_for_crop(found, measure(found))
    assert crop.value == {"faces": "given"}
    assert "nose_x is a place in the whole image" in crop.why
