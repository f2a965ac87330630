"""A folder of numbered images and a text file in which line n is the label of image n."""

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipeline.labels.columns import stored_column
from pipeline.labels.layouts import finish, junk_reason, list_files
from pipeline.labels.table_text import read_table_text
from pipeline.tables import OK

NUMBER = r"\d+"


def read_lines(
    root: Path, *, labels: list[str], train_images: str, train_labels: str, test_images: str | None
) -> pd.DataFrame:
    """The images table: images in the order of their numbers, the label in the one column that
    `labels` names; test images keep that order and their bare names as ids.

    Raises ValueError naming both when there are more images than labels or fewer, when two images
    have one number, or when it is not clear which number in their names counts.
    """
    (written,) = labels
    label = stored_column(written)
    images, others = numbered_images(root, train_images)
    words = _read_labels(root / train_labels)
    if len(words) != len(images):
        raise ValueError(
            f"{root / train_labels} has {len(words)} labels, but {root / train_images} has "
            f"{len(images)} images; line n must be the label of image n"
        )
    rows = [
        {**_row(root, file, part="train"), "status": OK, label: word}
        for file, word in zip(images, words, strict=True)
    ]
    rows += [{**_row(root, file, part="train"), **why} for file, why in others]
    if test_images is not None:
        images, others = numbered_images(root, test_images)
        rows += [{**_row(root, file, part="test"), "status": OK} for file in images]
        rows += [{**_row(root, file, part="test"), **why} for file, why in others]
    return finish(rows, labels=[label], source=root / train_images)


def say_order(root: Path, *, train_images: str, train_labels: str, test_images: str | None) -> str:
    """Which image the first and the last line belong to: a user sees at a glance if it is so."""
    images, _ = numbered_images(root, train_images)
    said = (
        f"line 1 of {train_labels} is {train_images}/{images[0].name}, "
        f"line {len(images)} is {train_images}/{images[-1].name}"
    )
    if test_images is not None:
        asked, _ = numbered_images(root, test_images)
        if asked:
            said += f"; test images go from {asked[0].name} to {asked[-1].name}"
    return said


def _row(root: Path, file: Path, *, part: str) -> dict:
    """Train and test images both begin at 000001.jpg, so a train id has its part before it."""
    image_id = f"train/{file.name}" if part == "train" else file.name
    path = file.relative_to(root).as_posix()
    return {"image_id": image_id, "path": path, "person_id": image_id, "part": part}


def numbered_images(root: Path, folder: str) -> tuple[list[Path], list[tuple[Path, dict]]]:
    """The images of a folder by the number in their names, and the other files with the reason."""
    named: list[Path] = []
    others = []
    for file in list_files(root / folder):
        reason = junk_reason(file)
        if reason:
            others.append((file, {"status": "junk", "message": reason}))
        elif not re.search(NUMBER, file.stem):
            message = "no number in the name, so no line is its own"
            others.append((file, {"status": "malformed", "message": message}))
        else:
            named.append(file)
    images: dict[int, Path] = {}
    place = _number_place(named)
    for file in named:
        number = int(re.findall(NUMBER, file.stem)[place])
        if number in images:
            twin = images[number]
            raise ValueError(f"{file}: has the same number as {twin.name}; which comes first?")
        images[number] = file
    return [images[number] for number in sorted(images)], others


def _number_place(files: Sequence[Path]) -> int:
    """Which of the numbers in the names says the line: 0 is the first one.

    Where names hold several, it is the only one that differs from file to file, or the only one
    that counts up without a gap. Raises ValueError naming a file where no such rule decides.
    """
    numbers = [[int(word) for word in re.findall(NUMBER, file.stem)] for file in files]
    lengths = {len(found) for found in numbers}
    if lengths <= {1}:
        return 0
    if len(lengths) == 1:
        columns = list(zip(*numbers, strict=True))
        differing = [place for place, column in enumerate(columns) if len(set(column)) > 1]
        if len(differing) <= 1:
            return differing[0] if differing else 0
        counting = [place for place in differing if _counts_up(columns[place])]
        if len(counting) == 1:
            return counting[0]
    longest = max(range(len(files)), key=lambda row: len(numbers[row]))
    found = " and ".join(str(number) for number in numbers[longest])
    raise ValueError(
        f"{files[longest]}: the name holds several numbers ({found}), and it is not clear which "
        "one is the line of its label; rename the images, or list them with their labels in a "
        "table (layout: table)"
    )


def _counts_up(numbers: Sequence[int]) -> bool:
    """Whether the numbers are all different and without a gap."""
    return len(set(numbers)) == len(numbers) == max(numbers) - min(numbers) + 1


def _read_labels(path: Path) -> list[str]:
    """One label a line; blank lines at the end don't count, one in between is a missing label."""
    text = read_table_text(path)
    return [line.strip() for line in text.rstrip().splitlines()] if text.strip() else []
