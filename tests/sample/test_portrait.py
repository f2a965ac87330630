"""What a label says shows in the image, and a real detector finds the drawn faces."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.sample.camera import Shot, place, set_up_shot
from pipeline.sample.coverings import Covering
from pipeline.sample.features import mouth_height
from pipeline.sample.people import Person, invent_people
from pipeline.sample.portrait import paint_person, photograph

SIZE = {"width": 192, "height": 256}


@pytest.fixture(scope="module")
def person() -> Person:
    return replace(invent_people(1, seed=0)[0], beard="none", glasses=None)


@pytest.fixture(scope="module")
def shot() -> Shot:
    calm = set_up_shot(np.random.default_rng(0))
    return replace(calm, yaw=0.0, pitch=0.0, smile=0.0, blur=0.0, noise=0.0)


@pytest.mark.parametrize(
    ("fit", "nose_changes", "mouth_changes"),
    [("worn", True, True), ("under nose", False, True), ("under chin", False, False)],
)
def test_a_mask_covers_what_its_fit_says(
    person: Person, shot: Shot, fit: str, nose_changes: bool, mouth_changes: bool
) -> None:
    sheet = paint_person(person, unit=60)
    bare = photograph(sheet, person, Covering("none"), shot, **SIZE)
    covered = photograph(sheet, person, Covering(fit), shot, **SIZE)
    spots = np.array([(0, person.nose_length - 0.06), (0, mouth_height(person))], np.float32)
    for (x, y), changes in zip(
        place(shot, spots, **SIZE).round().astype(int), (nose_changes, mouth_changes), strict=True
    ):
        window = (slice(y - 2, y + 3), slice(x - 2, x + 3))
        change = np.abs(bare[window].astype(int) - covered[window].astype(int)).mean()
        assert change > 15 if changes else change < 4


def test_painting_leaves_the_sheet_as_it_was(person: Person, shot: Shot) -> None:
    sheet = paint_person(person, unit=60)
    first = photograph(sheet, person, Covering("none"), shot, **SIZE)
    photograph(sheet, person, Covering("worn", disguised=True), shot, **SIZE)
    assert (photograph(sheet, person, Covering("none"), shot, **SIZE) == first).all()


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = np.prod(np.clip(high - low, 0, None))
    return float(shared / (np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - shared))


def face_box(person: Person, shot: Shot) -> np.ndarray:
    """x1, y1, x2, y2 in pixels around forehead to chin of the drawn face (a turn of the head
    moves it by a few pixels more)."""
    corners = np.array([(0, -1.0), (1, 0), (0, 1.4 * person.length), (-1, 0)], np.float32)
    points = place(shot, corners, **SIZE)
    return np.concatenate([points.min(0), points.max(0)])


@pytest.mark.parametrize("min_face_size", [20, 29])
def test_mtcnn_finds_uncovered_faces_where_they_were_drawn(min_face_size: int) -> None:
    mtcnn = pytest.importorskip("facenet_pytorch").MTCNN
    detector = mtcnn(keep_all=True, min_face_size=min_face_size)
    found = []
    for number, person in enumerate(invent_people(20, seed=11)):
        shot = set_up_shot(np.random.default_rng([11, number]))
        image = photograph(paint_person(person, unit=60), person, Covering("none"), shot, **SIZE)
        boxes, probabilities = detector.detect(image)
        where = face_box(person, shot)
        found.append(
            boxes is not None
            and any(
                probability >= 0.9 and overlap(box, where) >= 0.5
                for box, probability in zip(boxes, probabilities, strict=True)
            )
        )
    assert np.mean(found) >= 0.95
