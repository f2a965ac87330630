"""Draws examples/contest: a contest as Kaggle has them, of a few small drawn faces.

`python examples/make_contest.py` writes train.csv, sample_submission.csv and images/ anew. Nobody
on the images exists.
"""

import csv
import shutil
import sys
from pathlib import Path

import cv2

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from pipeline.sample.contest import draw_person  # noqa: E402
from pipeline.sample.people import invent_people  # noqa: E402

SEED = 16
SHOTS = {"normal": "none", "mask1": "worn", "mask4": "worn"}
TRAIN_PEOPLE, TEST_PEOPLE = 12, 4
WIDTH, HEIGHT, QUALITY = 96, 128, 60


def draw(folder: Path) -> None:
    """Writes the contest; an older one there is removed first."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "images").mkdir(parents=True)
    train, test = [], []
    for number, person in enumerate(invent_people(TRAIN_PEOPLE + TEST_PEOPLE, seed=SEED)):
        shots = draw_person(person, seed=SEED, width=WIDTH, height=HEIGHT)
        for shot, _, image, _ in shots:
            if shot not in SHOTS:
                continue
            name = f"{number:02d}-{len(train) + len(test):03d}.jpg"
            pixels = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
            cv2.imwrite(str(folder / "images" / name), pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            if number < TRAIN_PEOPLE:
                train.append((name, f"person{number:02d}", SHOTS[shot]))
            else:
                test.append((name, "none"))
    write_csv(folder / "train.csv", ("image", "person", "mask"), train)
    write_csv(folder / "sample_submission.csv", ("image", "mask"), test)


def write_csv(path: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


if __name__ == "__main__":
    draw(HERE / "contest")
