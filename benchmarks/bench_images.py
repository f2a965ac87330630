"""The benchmarks' images: 384×512 JPEG files, drawn by the project or made from given ones."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks.harness import Asked
from pipeline.faces.boxes import centre_box
from pipeline.faces.crop import cut
from pipeline.images.read import read_image
from pipeline.sample.contest import draw_contest

WIDTH, HEIGHT = 384, 512
KINDS = (".jpg", ".jpeg", ".png")
A_PERSON = 7  # images, in the drawn contest


def portraits(asked: Asked, num: int) -> list[Path]:
    """`num` JPEG files of 384×512, the same ones every time. Raises ValueError when there are fewer
    images below root."""
    if asked.root is None:
        people = -(-num // A_PERSON)
        root = asked.folder / f"drawn-{people}"
        draw_contest(root, num_people=people, num_test_people=1, seed=5, width=WIDTH, height=HEIGHT)
        return _spread(_images_below(root / "train"), num)
    found = _images_below(asked.root)
    if len(found) < num:
        raise ValueError(f"root: {len(found)} images below {asked.root}, {num} are asked for")
    folder = asked.folder / "given"
    folder.mkdir(parents=True, exist_ok=True)
    return [_as_portrait(path, root=asked.root, folder=folder) for path in _spread(found, num)]


def centre_boxes(paths: list[Path]) -> np.ndarray:
    """The middle square of every portrait (N, 4), whole pixels: what both ways are given to cut."""
    return np.rint(np.stack([centre_box(WIDTH, HEIGHT, fraction=0.78125)] * len(paths)))


def cut_crops(paths: list[Path], boxes: np.ndarray, *, size: int) -> np.ndarray:
    """The stored crops (N, size, size, 3), as the crop stage cuts them."""
    pairs = tqdm(zip(paths, boxes, strict=True), total=len(paths), desc="cut", leave=False)
    return np.stack([cut(read_image(path), box, size=size) for path, box in pairs])


def _images_below(root: Path) -> list[Path]:
    return sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in KINDS and not path.name.startswith(".")
    )


def _spread(paths: list[Path], num: int) -> list[Path]:
    """`num` of the paths, evenly from the first to the last."""
    return [paths[i] for i in np.linspace(0, len(paths) - 1, num).round().astype(int)]


def _as_portrait(path: Path, *, root: Path, folder: Path) -> Path:
    """The image's middle in the portraits' shape, as a JPEG file."""
    made = folder / ("-".join(path.relative_to(root).with_suffix("").parts) + ".jpg")
    if not made.exists():
        pixels = read_image(path)
        height, width = pixels.shape[:2]
        tall, wide = min(height, width * HEIGHT // WIDTH), min(width, height * WIDTH // HEIGHT)
        top, left = (height - tall) // 2, (width - wide) // 2
        middle = pixels[top : top + tall, left : left + wide]
        pixels = cv2.resize(middle, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        Image.fromarray(pixels).save(made, quality=92)
    return made
