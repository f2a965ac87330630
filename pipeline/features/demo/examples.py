"""Images to click: some that the experiment answers, else some that it held out."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipeline.experiment.images_table import read_images_table
from pipeline.storage import Runs
from pipeline.tables import OK

NUM_EXAMPLES = 6


def find_examples(runs: Runs) -> list[Path]:
    """Files of test images in which a face was found, spread over the test part; without a test
    part, of train images. Empty where the files are not there any more."""
    try:
        images = read_images_table(runs)
    except (ValueError, OSError):  # the shared folder of the images has gone
        return []
    shown = images[(images["status"] == OK) & (images["row"] >= 0)]
    with_face = shown[shown["how"] != "centre"]
    shown = with_face if len(with_face) else shown
    for part in ("test", "train"):
        files = _spread(shown[shown["part"] == part], root=runs.root)
        if files:
            return files
    return []


def _spread(images: pd.DataFrame, *, root: Path) -> list[Path]:
    paths: Sequence[str] = images["path"].tolist()
    num = min(NUM_EXAMPLES, len(paths))
    chosen = [paths[place * len(paths) // num] for place in range(num)]
    files = [root / path for path in chosen]
    return [file for file in files if file.is_file()]
