"""Images of other data (`extra`) that are images of the contest too, under other names.

What a fold holds out would teach it all the same: they are found once, when folds are made, by the
files' bytes and by near-duplicate crops. `experiment/teaching_images` keeps them away.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.experiment.images_table import EXTRA
from pipeline.faces.crop_store import open_crops
from pipeline.images.near_copies import find_copies
from pipeline.people.features import upper_halves
from pipeline.storage import Runs

COLUMNS = ("image_id", "other", "part", "equal", "correlation")  # of the table of copies
BLOCK = 1 << 20  # bytes of a file hashed at once


def find_extra_copies(runs: Runs, images: pd.DataFrame, *, correlation: float) -> pd.DataFrame:
    """A row for each image of other data and image of the contest that it is a copy of.

    `images` are all images with a crop's row, as `read_all_images` has them. Columns: image_id (of
    the other data), other and part (of the contest), equal (the files are the same), correlation of
    the crops.
    """
    paths = [os.path.join(runs.root, path) for path in images["path"]]
    is_extra = (images["part"] == EXTRA).to_numpy()
    pairs = {pair: (True, 1.0) for pair in _equal_files(paths, is_extra)}
    cropped = np.flatnonzero((images["row"] >= 0).to_numpy())
    if len(cropped):
        crops = open_crops(runs.crops)
        upper = upper_halves(crops, images["row"].iloc[cropped], said="split: copies in extra")
        near = find_copies(upper, correlation=correlation)
        for left, right, value in zip(
            near["left"], near["right"], near["correlation"], strict=True
        ):
            one, two = int(cropped[left]), int(cropped[right])
            if is_extra[one] == is_extra[two]:
                continue
            pair = (one, two) if is_extra[one] else (two, one)
            pairs.setdefault(pair, (False, float(value)))
    ids, parts = images["image_id"].to_numpy(), images["part"].to_numpy()
    rows = [
        (ids[one], ids[two], parts[two], equal, value)
        for (one, two), (equal, value) in sorted(pairs.items())
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def say_extra_copies(copies: pd.DataFrame) -> list[str]:
    """What was found, in a sentence, and the first pair."""
    if not len(copies):
        return ["no image of the extra data is a copy of one of the contest's"]
    first = copies.iloc[0]
    of_test = copies.loc[copies["part"] == "test", "image_id"].nunique()
    number = copies["image_id"].nunique()
    images = "1 image" if number == 1 else f"{number} images"
    verb = "is a copy" if number == 1 else "are copies"
    said = (
        f"{images} of the extra data {verb} of the contest's under another name, the first is "
        f"{first['image_id']} of {first['other']}: a copy teaches no fold that holds the person "
        "out"
    )
    if of_test:
        said += f"; {of_test} of them show a test image and teach nowhere"
    return [said]


def _equal_files(paths: Sequence[str], is_extra: np.ndarray) -> list[tuple[int, int]]:
    """The places of other data's images and the contest's whose files hold the same bytes."""
    sizes: dict[int, list[int]] = {}
    for place, path in enumerate(paths):
        if os.path.isfile(path):
            sizes.setdefault(os.path.getsize(path), []).append(place)
    pairs = []
    for places in sizes.values():
        sides = {bool(is_extra[place]) for place in places}
        if len(sides) == 2:
            pairs += _equal_of_one_size({place: paths[place] for place in places}, is_extra)
    return pairs


def _equal_of_one_size(paths: Mapping[int, str], is_extra: np.ndarray) -> list[tuple[int, int]]:
    digests: dict[str, list[int]] = {}
    for place, path in paths.items():
        digests.setdefault(_digest(Path(path)), []).append(place)
    return [
        (one, two)
        for places in digests.values()
        for one in places
        for two in places
        if is_extra[one] and not is_extra[two]
    ]


def _digest(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()
