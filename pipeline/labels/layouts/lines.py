"""A folder of numbered images and a text file in which line n is the label of image n."""

import re
from pathlib import Path

import pandas as pd

from pipeline.labels.layouts import finish, junk_reason, list_files
from pipeline.tables import OK


def read_lines(
    root: Path, *, labels: list[str], train_images: str, train_labels: str, test_images: str | None
) -> pd.DataFrame:
    """The images table: images in the order of their numbers, the label in the one column that
    `labels` names; test images keep that order and their bare names as ids.

    Raises ValueError naming both when there are more images than labels or fewer, or when two
    images have one number.
    """
    (label,) = labels
    images, others = _numbered(root, train_images)
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
        images, others = _numbered(root, test_images)
        rows += [{**_row(root, file, part="test"), "status": OK} for file in images]
        rows += [{**_row(root, file, part="test"), **why} for file, why in others]
    return finish(rows, labels=labels, source=root / train_images)


def _row(root: Path, file: Path, *, part: str) -> dict:
    """Train and test images both begin at 000001.jpg, so a train id has its part before it."""
    image_id = f"train/{file.name}" if part == "train" else file.name
    path = file.relative_to(root).as_posix()
    return {"image_id": image_id, "path": path, "person_id": image_id, "part": part}


def _numbered(root: Path, folder: str) -> tuple[list[Path], list[tuple[Path, dict]]]:
    """The images by number, the last one in their names, and the other files with the reason."""
    images: dict[int, Path] = {}
    others = []
    for file in list_files(root / folder):
        numbers, reason = re.findall(r"\d+", file.stem), junk_reason(file)
        if reason:
            others.append((file, {"status": "junk", "message": reason}))
        elif not numbers:
            message = "no number in the name, so no line is its own"
            others.append((file, {"status": "malformed", "message": message}))
        elif int(numbers[-1]) in images:
            twin = images[int(numbers[-1])]
            raise ValueError(f"{file}: has the same number as {twin.name}; which comes first?")
        else:
            images[int(numbers[-1])] = file
    return [images[number] for number in sorted(images)], others


def _read_labels(path: Path) -> list[str]:
    """One label a line; blank lines at the end don't count, one in between is a missing label."""
    if not path.is_file():
        raise ValueError(f"{path}: no such file; is root right?")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 text at byte {error.start}") from None
    return [line.strip() for line in text.rstrip().splitlines()] if text.strip() else []
