"""Tiny contests in every layout, out of faces that the project draws. Drawn once a test session."""

import csv
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from pipeline.sample.camera import set_up_shot
from pipeline.sample.contest import draw_contest
from pipeline.sample.coverings import Covering
from pipeline.sample.people import Person, invent_people
from pipeline.sample.portrait import paint_person, photograph

SIZE = (96, 112)  # width and height of a drawn image
NUM_PEOPLE = 30


def make_contest(layout: str, folder: Path) -> Path:
    """The root of a tiny contest in a layout, made in `folder`; the same bytes every time.

    The files are where configs/competitions/*.yaml look for them: `table` is the occlusion contest,
    `lines` attribute64. `pstage` has 12 people to learn and 3 to answer, 7 images each; the
    others have 24 to 30 images, of which 6 are a test part where the layout has one.
    """
    root = folder / layout
    MAKERS[layout](root)
    return root


@cache
def drawn_people() -> tuple[tuple[Person, Image.Image], ...]:
    """Who is in the tiny contests: men and women of 18 to 80, a bare face each."""
    people = invent_people(NUM_PEOPLE, seed=11)
    return tuple((person, _photograph(person, number=0)) for person in people)


def _photograph(person: Person, *, number: int) -> Image.Image:
    shot = set_up_shot(np.random.default_rng([11, int(person.person_id), number]))
    sheet = paint_person(person, unit=32)
    width, height = SIZE
    bare = Covering("none")
    return Image.fromarray(photograph(sheet, person, bare, shot, width=width, height=height))


def _face(image: Image.Image, size: int) -> Image.Image:
    """The middle of an image as a square of that size."""
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return image.crop((left, top, left + side, top + side)).resize((size, size))


def _save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, format="JPEG", quality=90)


def _write_csv(path: Path, header: tuple[str, ...], rows: list[tuple]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def _make_pstage(root: Path) -> None:
    draw_contest(root, num_people=12, num_test_people=3, seed=5)


def _make_table(root: Path) -> None:
    """Occlusion: a grey bar over the lower part of the face, its share of the image the label."""
    rows: dict[str, list[tuple]] = {"train": [], "test": []}
    for number, (person, image) in enumerate(drawn_people()):
        part = "train" if number < 24 else "test"
        share = round((number * 7 % 24) / 40, 3)
        face = _face(image, 64)
        if share:
            top = round(64 * (1 - share))
            ImageDraw.Draw(face).rectangle((0, top, 64, 64), fill=(90, 96, 104))
        name = f"crops_{part}/img{number:05d}.jpg"
        _save(face, root / name)
        gender = 0.9 if person.gender == "male" else 0.05  # 0 female to 1 male, never quite sure
        rows[part].append((name, share, gender) if part == "train" else (name, gender))
    _write_csv(root / "train.csv", ("filename", "FaceOcclusion", "gender"), rows["train"])
    _write_csv(root / "test.csv", ("filename", "gender"), rows["test"][::-1])


def _make_lines(root: Path) -> None:
    """attribute64: whether somebody is below 60; about a quarter is not."""
    labels = []
    for number, (person, image) in enumerate(drawn_people()):
        part, first = ("train_img", 0) if number < 24 else ("val_img", 24)
        _save(_face(image, 64), root / part / f"{number - first + 1:06d}.jpg")
        if number < 24:
            labels.append(int(person.age < 60))
    (root / "label_train.txt").write_text("".join(f"{label}\n" for label in labels))


def _make_utkface(root: Path) -> None:
    """28 chips and two names that lack a field, as the real one has."""
    for number, (person, image) in enumerate(drawn_people()):
        gender, date = int(person.gender == "female"), f"201701091700{number:05d}"
        fields = f"{person.age}_{gender}_4" if number < 28 else f"{person.age}_{gender}"
        _save(_face(image, 96), root / f"{fields}_{date}.jpg.chip.jpg")


def _make_cacd(root: Path) -> None:
    """20 people, 8 of them twice, and what a file browser left behind."""
    for number, (person, image) in enumerate(drawn_people()[:20]):
        name = f"Drawn_Person_{person.person_id}"
        _save(image, root / "CACD2000" / f"{person.age}_{name}_0001.jpg")
        if number < 8:
            again = _photograph(person, number=1)
            _save(again, root / "CACD2000" / f"{person.age + 2}_{name}_0002.jpg")
    (root / "CACD2000/._Thumbs.jpg").write_bytes(b"\x00\x05\x16\x07")


def _make_afad(root: Path) -> None:
    for number, (person, image) in enumerate(drawn_people()[:28]):
        gender = "111" if person.gender == "male" else "112"
        folder = root / "AFAD-Full" / str(person.age) / gender
        _save(image, folder / f"{100 + number}-0.jpg")
    (folder / "Thumbs.db").write_bytes(b"\xd0\xcf\x11\xe0")


def _make_appa(root: Path) -> None:
    """16 to train, 6 to validate, 8 to test; each as a photograph and as the face cut out of it."""
    header = ("file_name", "num_ratings", "apparent_age_avg", "apparent_age_std", "real_age")
    rows: dict[str, list[tuple]] = {"train": [], "valid": [], "test": []}
    for number, (person, image) in enumerate(drawn_people()):
        split = "train" if number < 16 else "valid" if number < 22 else "test"
        name = f"{number:06d}.jpg"
        _save(image, root / split / name)
        _save(_face(image, 80), root / split / f"{name}_face.jpg")
        guessed = person.age + (number % 5 - 2) * 1.3
        rows[split].append((name, 30 + number, f"{guessed:.4f}", "4.5", person.age))
    for split, lines in rows.items():
        _write_csv(root / f"gt_avg_{split}.csv", header, lines)


MAKERS = {
    "pstage": _make_pstage,
    "table": _make_table,
    "lines": _make_lines,
    "utkface": _make_utkface,
    "cacd": _make_cacd,
    "afad": _make_afad,
    "appa": _make_appa,
}
