"""Folders of contests with a few tiny images."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image


def draw(root: Path, names: Iterable[str], *, side: int = 20) -> None:
    """Images of random pixels at these paths below the root."""
    rng = np.random.default_rng(0)
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(255, size=(side, side, 3), dtype=np.uint8)).save(path)


def table(
    path: Path, header: str, rows: Iterable[Sequence[object]], *, separator: str = ","
) -> None:
    """A text table; the header is written with commas."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [header.replace(",", separator)] if header else []
    lines += [separator.join(str(cell) for cell in row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
