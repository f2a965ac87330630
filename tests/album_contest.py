"""A contest of albums: one answer for several images, as words of the command line."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

CLASSES = "{kind: multiclass, classes: ['a', 'b'], column: label, metric: accuracy}"
NUMBER = "{kind: regression, low: 0, high: 10, column: label}"
LABELS, SIZES = list("abababab"), [2, 5, 1, 4, 3, 6, 2, 1]


def make_albums(
    folder: Path,
    *,
    labels: list[str],
    sizes: list[int],
    test: dict[str, int],
    sample: list[str],
    task: str = CLASSES,
    more: str = "",
    answer: str = "per: album",
) -> list[str]:
    """Words for a contest of albums: one a label, with so many images each; the images of an album
    are darker where its label is `a`. `test` has the number of images of each album."""
    root, configs = folder / "root", folder / "configs"
    (root / "images").mkdir(parents=True)
    configs.mkdir()
    rng = np.random.default_rng(0)
    rows: dict[str, list] = {"train": [], "test": []}

    def draw(part: str, album: str, number: int, label: str) -> None:
        name = f"{part}-{album}-{number}.png"
        low = 0 if label == "a" else 60
        pixels = rng.integers(low, low + 190, size=(20, 20, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "images" / name)
        rows[part].append((name, album, label) if part == "train" else (name, album))

    for number, (label, size) in enumerate(zip(labels, sizes, strict=True)):
        for image in range(size):
            draw("train", f"album{number}", image, label)
    for album, size in test.items():
        for image in range(size):
            draw("test", album, image, "a")
    pd.DataFrame(rows["train"], columns=["file", "album", "label"]).to_csv(
        root / "train.csv", index=False
    )
    pd.DataFrame(rows["test"], columns=["file", "album"]).to_csv(root / "test.csv", index=False)
    value = "5" if task == NUMBER else "a"
    pd.DataFrame({"album": sample, "label": value}).to_csv(root / "sample.csv", index=False)
    text = (
        f"competition:\n  name: albums\n  layout: table\n  root: {root}\n"
        "  table: {images: images, id: file, test: test.csv}\n"
        f"  tasks: {{t: {task}}}\n  answer: {{tasks: [t], {answer}}}\n"
        "  submission: {sample: sample.csv, id: album}\n"
        "crop: {faces: given, size: 16}\nfolds: {num: 2}\nbootstrap: 100\ndevice: cpu\n"
        f"parallel: 1\nruns: {folder}/runs\nsubmissions: {folder}/submissions\n"
        "defaults: {backbone: small_cnn, weights: none, image_size: 16, epochs: 1, batch_size: 4}\n"
        f"members:\n  m: {{tasks: {{t: {{}}}}}}\n  n: {{tasks: {{t: {{}}}}, lr: 0.003}}\n{more}"
    )
    (configs / "albums.yaml").write_text(text)
    return ["-c", str(configs / "albums.yaml")]
