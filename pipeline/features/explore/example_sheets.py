"""Which images stand on which sheet of crops: examples of each class, and the doubtful ones."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from PIL import Image

from pipeline.figures.contact_sheet import draw_sheet

SHEET = 24  # crops on a sheet
COLUMNS, SIDE = 8, 112  # crops in a row, pixels of a crop


@dataclass(frozen=True)
class Sheet:
    """A sheet: its file's name, its title, and its rows of the images table."""

    name: str
    title: str
    images: pd.DataFrame


def choose_sheets(
    images: pd.DataFrame,
    labelled: pd.DataFrame,
    words: pd.DataFrame,
    *,
    rng: np.random.Generator,
) -> Iterator[Sheet]:
    """Every sheet that has any images; examples are drawn by `rng`."""
    for task in words:
        for code, word in enumerate(words[task].cat.categories):
            here = labelled[(words[task] == word).to_numpy()]
            picked = np.sort(rng.permutation(len(here))[:SHEET])
            if len(here):
                title = f"{task}: {word}, {len(picked)} of {len(here):,} train images"
                yield Sheet(f"sheet-{task}-{code}.png", title, here.iloc[picked])
    cropped = images[images["row"] >= 0]
    others = {
        "test": ("test images", cropped[cropped["part"] == "test"]),
        "centre": ("no face found, cut from the centre", cropped[cropped["how"] == "centre"]),
        "several": ("several faces found", cropped[cropped["num_faces"] > 1]),
    }
    for name, (title, frame) in others.items():
        picked = np.sort(rng.permutation(len(frame))[:SHEET])
        if len(frame):
            said = f"{title}, {len(picked)} of {len(frame):,}"
            yield Sheet(f"sheet-{name}.png", said, frame.iloc[picked])
    found = cropped[cropped["how"] == "mtcnn"].sort_values("probability", kind="stable")
    if len(found):
        yield Sheet("sheet-lowest.png", "the least certain faces", found.head(SHEET))


def draw(sheet: Sheet, crops: np.ndarray) -> Image.Image:
    """The sheet as an image; below each crop its row in the store and the face's probability."""
    captions = [
        f"#{row}" if np.isnan(probability) else f"#{row}  p {probability:.3f}"
        for row, probability in zip(sheet.images["row"], sheet.images["probability"], strict=True)
    ]
    chosen = [crops[row] for row in sheet.images["row"]]
    return draw_sheet(chosen, title=sheet.title, captions=captions, columns=COLUMNS, side=SIDE)
