"""A contest of random images that a test writes down in a line, as words of the command line."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

CLASSES = "{kind: multiclass, classes: ['a', 'b'], column: label}"
NUMBER = "{kind: regression, low: 0, high: 10, column: label}"


def make(
    folder: Path,
    train: list[tuple],
    *,
    test: list[str] | None = None,
    task: str = CLASSES,
    person: bool = True,
    more: str = "",
) -> list[str]:
    """Words for a contest of random images; `train` has (file, person, label)."""
    root, configs = folder / "root", folder / "configs"
    (root / "images").mkdir(parents=True)
    configs.mkdir()
    rng = np.random.default_rng(0)
    for name in [row[0] for row in train] + (test or []):
        pixels = rng.integers(255, size=(20, 20, 3), dtype=np.uint8)
        if not (root / "images" / name).exists() and name.endswith((".png", ".jpg")):
            Image.fromarray(pixels).save(root / "images" / name)
    columns = ["file", "person", "label"] if person else ["file", "label"]
    rows = train if person else [(row[0], row[2]) for row in train]
    pd.DataFrame(rows, columns=columns).to_csv(root / "train.csv", index=False)
    if test is not None:
        pd.DataFrame({"file": test}).to_csv(root / "test.csv", index=False)
    contest = (
        f"layout: table\nroot: {root}\ntable: {{train: train.csv, images: images, id: file"
        f"{', person: person' if person else ''}"
        f"{', test: test.csv' if test is not None else ''}}}\n"
        f"tasks: {{t: {task}}}\nanswer: {{tasks: [t]}}\n"
        f"submission: {{id: file, value: {'number' if task == NUMBER else 'label'}}}\n"
    )
    (configs / "competitions").mkdir()
    (configs / "competitions/odd.yaml").write_text(contest)
    experiment = (
        f"competition: {configs}/competitions/odd.yaml\ncrop: {{faces: given, size: 16}}\n"
        f"folds: {{num: 2}}\nbootstrap: 100\ndevice: cpu\nparallel: 1\n"
        f"runs: {folder}/runs\nsubmissions: {folder}/submissions\n"
        "members:\n  m: {tasks: {t: {}}, backbone: small_cnn, weights: none, image_size: 16, "
        f"epochs: 1, batch_size: 4}}\n{more}"
    )
    (configs / "odd.yaml").write_text(experiment)
    return ["-c", str(configs / "odd.yaml")]


def people(labels: str, *, each: int = 1) -> list[tuple]:
    """An image or more of a person for each letter, which is the label."""
    return [
        (f"p{number}-{i}.png", f"p{number}", label)
        for number, label in enumerate(labels)
        for i in range(each)
    ]
