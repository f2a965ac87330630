"""Writes a whole drawn competition to disk, laid out like the P-stage mask classification.

Which images there are and how they are labelled; how they look is portrait.py's matter.
"""

import csv
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np

from pipeline.console import Bar
from pipeline.sample.camera import set_up_shot
from pipeline.sample.coverings import MASK_KINDS, Covering
from pipeline.sample.people import GENDERS, Person, invent_people
from pipeline.sample.portrait import paint_person, photograph

FINISHED = "drawn.json"
VERSION = 1  # of the images: raise it when the same recipe draws other bytes
SHOTS = (*(f"mask{n}" for n in range(1, 6)), "incorrect_mask", "normal")
DISGUISED = 0.035  # of the worn masks, so about 2.5 % of all images
MASK_COLOURS = {
    "surgical": ((160, 204, 226), (236, 240, 240), (150, 200, 176), (238, 190, 200), (40, 40, 44)),
    "cloth": ((40, 42, 48), (120, 44, 52), (60, 84, 120), (216, 206, 188), (130, 130, 134),
              (84, 110, 84), (196, 150, 90)),
    "folded": ((240, 240, 238), (240, 240, 238), (46, 46, 50), (180, 176, 172)),
}  # fmt: skip
JUNK = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        "  # what macOS leaves on shared disks


def draw_contest(
    root: Path,
    *,
    num_people: int,
    num_test_people: int,
    seed: int,
    width: int = 192,
    height: int = 256,
) -> dict[str, int]:
    """Draw a competition under `root`; returns how many people and images each part has.

    The same arguments give the same bytes. A finished `root` of the same recipe is left as it is.
    Nothing is at `root` before all of it is. Raises ValueError when something else is there.
    """
    recipe = {
        "version": VERSION, "num_people": num_people, "num_test_people": num_test_people,
        "seed": seed, "width": width, "height": height,
    }  # fmt: skip
    _check(recipe)
    counts = {
        "num_people": num_people,
        "num_test_people": num_test_people,
        "num_images": num_people * len(SHOTS),
        "num_test_images": num_test_people * len(SHOTS),
    }
    if _is_drawn(root, recipe):
        return counts
    partial = root.with_name(f".{root.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # what an earlier, killed run left
    partial.mkdir(parents=True)
    try:
        people = invent_people(num_people, seed=seed)
        others = invent_people(num_test_people, seed=seed, first_id=num_people + 1)
        with Bar(num_people + num_test_people, desc="draw", unit="people") as bar:
            _write_train(partial / "train", people, recipe, bar)
            _write_eval(partial / "eval", others, recipe, bar)
        (partial / FINISHED).write_text(json.dumps(recipe, indent=2) + "\n")
        os.replace(partial, root)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return counts


def say_other_people(root: Path, *, num_people: int, num_test_people: int) -> str:
    """A sentence where the contest that lies there was drawn with other numbers of people; empty
    where it was not, or was not drawn."""
    if not (root / FINISHED).is_file():
        return ""
    found = json.loads((root / FINISHED).read_text())
    there = (found["num_people"], found["num_test_people"])
    if there == (num_people, num_test_people):
        return ""
    return (
        f"{there[0]} people to learn from and {there[1]} to answer lie there, and "
        f"competition.drawn asks for {num_people} and {num_test_people}; without the folder they "
        "are drawn anew"
    )


def answer(person: Person, fit: str) -> int:
    """mask * 6 + gender * 3 + age band: mask 0 worn, 1 incorrect, 2 none; gender 0 male."""
    mask = {"worn": 0, "none": 2}.get(fit, 1)
    return mask * 6 + GENDERS.index(person.gender) * 3 + person.age_band


def _check(recipe: dict[str, int]) -> None:
    for name, least in (("num_people", 1), ("num_test_people", 1), ("seed", 0),
                        ("width", 64), ("height", 64)):  # fmt: skip
        if recipe[name] < least:
            raise ValueError(f"{name} is {recipe[name]}, but must be {least} or more.")


def _is_drawn(root: Path, recipe: dict[str, int]) -> bool:
    if not root.exists() or (root.is_dir() and not any(root.iterdir())):
        return False
    if not (root / FINISHED).is_file():
        raise ValueError(f"{root} holds something that was not drawn here. Name another folder.")
    found = json.loads((root / FINISHED).read_text())
    if found != recipe:
        raise ValueError(
            f"{root} was drawn by the recipe {found}, but {recipe} is asked for. "
            "Name another folder, or delete this one."
        )
    return True


def choose_covering(rng: np.random.Generator, shot: str) -> Covering:
    """How the face is covered in one of SHOTS."""
    if shot == "normal":
        return Covering("none")
    wrong = ("under nose", "under chin")[int(rng.random() < 0.45)]
    fit = wrong if shot == "incorrect_mask" else "worn"
    kind = str(rng.choice(MASK_KINDS, p=(0.5, 0.25, 0.25)))
    colours = MASK_COLOURS[kind]
    paint = np.array(colours[rng.integers(len(colours))]) / 255 * rng.uniform(0.9, 1.05)
    red, green, blue = (float(c) for c in paint.clip(0, 1))
    return Covering(
        fit=fit,
        kind=kind,
        colour=(red, green, blue),
        pattern=kind == "cloth" and bool(rng.random() < 0.35),
        slip=float(rng.normal(0, 0.035)),
        tilt=float(rng.normal(0, 0.03)),
        disguised=fit == "worn" and bool(rng.random() < DISGUISED),
    )


def draw_person(
    person: Person, *, seed: int, width: int, height: int
) -> Iterator[tuple[str, Covering, np.ndarray, int]]:
    """The images of SHOTS: shot, covering, uint8 RGB and the JPEG quality to keep it in."""
    painted = paint_person(person, unit=max(32, round(0.31 * min(width, height))))
    for number, shot in enumerate(SHOTS):
        rng = np.random.default_rng([seed, int(person.person_id), number])
        covering = choose_covering(rng, shot)
        circumstances = set_up_shot(rng)
        quality = int(rng.integers(72, 97))
        image = photograph(painted, person, covering, circumstances, width=width, height=height)
        yield shot, covering, image, quality


def _write_train(folder: Path, people: list[Person], recipe: dict[str, int], bar: Bar) -> None:
    rows = []
    for person in people:
        path = f"{person.person_id}_{person.gender}_Drawn_{person.age}"
        place = folder / "images" / path
        place.mkdir(parents=True)
        rng = np.random.default_rng([recipe["seed"], int(person.person_id), len(SHOTS)])
        for shot, _, image, quality in _images(person, recipe):
            suffix = str(rng.choice(["jpg", "jpeg", "png"], p=(0.93, 0.05, 0.02)))
            _write_image(place / f"{shot}.{suffix}", image, quality)
        if person is people[0]:
            (place / "._normal.jpg").write_bytes(JUNK)
        rows.append((person.person_id, person.gender, "Drawn", person.age, path))
        bar.update()
    _write_csv(folder / "train.csv", ("id", "gender", "race", "age", "path"), rows)


def _write_eval(folder: Path, people: list[Person], recipe: dict[str, int], bar: Bar) -> None:
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng([recipe["seed"], 0])
    truth = []
    for person in people:
        for _, covering, image, quality in _images(person, recipe):
            name = f"{rng.bytes(20).hex()}.jpg"
            _write_image(folder / "images" / name, image, quality)
            truth.append((name, answer(person, covering.fit), person.person_id))
        bar.update()
    shuffled = [truth[i] for i in rng.permutation(len(truth))]
    _write_csv(folder / "info.csv", ("ImageID", "ans"), ((name, 0) for name, _, _ in shuffled))
    _write_csv(folder / "answers.csv", ("ImageID", "ans", "person"), shuffled)


def _images(
    person: Person, recipe: dict[str, int]
) -> Iterator[tuple[str, Covering, np.ndarray, int]]:
    return draw_person(person, seed=recipe["seed"], width=recipe["width"], height=recipe["height"])


def _write_image(path: Path, image: np.ndarray, quality: int) -> None:
    options = [] if path.suffix == ".png" else [cv2.IMWRITE_JPEG_QUALITY, quality]
    done, data = cv2.imencode(path.suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    assert done, path
    path.write_bytes(data.tobytes())


def _write_csv(path: Path, columns: tuple[str, ...], rows: Iterable[tuple]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
