"""Sheets: many crops on one image, a caption below each, a title above. Pixels in, pixels out."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

GAP, CAPTION, TITLE = 6, 18, 34  # pixels


def draw_sheet(
    crops: Sequence[np.ndarray], *, title: str, captions: Sequence[str], columns: int, side: int
) -> Image.Image:
    """A sheet of uint8 crops (S, S, 3), each `side` pixels wide, row by row in the order given; a
    caption may have several lines."""
    if not len(crops) or len(captions) != len(crops):
        raise ValueError(f"a sheet needs crops and a caption each: {len(crops)}, {len(captions)}")
    columns = min(columns, len(crops))
    rows, lines = -(-len(crops) // columns), 1 + max(words.count("\n") for words in captions)
    step_x, step_y = side + GAP, side + lines * CAPTION + GAP
    width, height = max(columns * step_x + GAP, 560), TITLE + rows * step_y + GAP
    sheet = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(sheet)
    small = ImageFont.load_default(size=12)
    pen.text((GAP, 8), title, fill="black", font=ImageFont.load_default(size=16))
    for place, (crop, caption) in enumerate(zip(crops, captions, strict=True)):
        row, column = divmod(place, columns)
        x, y = GAP + column * step_x, TITLE + row * step_y
        small_crop = Image.fromarray(crop).resize((side, side), Image.Resampling.LANCZOS)
        sheet.paste(small_crop, (x, y))
        pen.text((x, y + side + 1), caption, fill="#333333", font=small)
    return sheet
