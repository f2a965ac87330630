import numpy as np
import pytest

from pipeline.figures.contact_sheet import CAPTION, GAP, TITLE, draw_sheet


def test_each_crop_stands_where_its_turn_is() -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (9, 9, 9), (99, 0, 99)]
    crops = [np.full((20, 20, 3), colour, dtype=np.uint8) for colour in colours]
    sheet = draw_sheet(crops, title="t", captions=["#1"] * 5, columns=2, side=40)
    for place, colour in enumerate(colours):
        row, column = divmod(place, 2)
        x, y = GAP + column * (40 + GAP) + 20, TITLE + row * (40 + CAPTION + GAP) + 20
        assert sheet.getpixel((x, y)) == colour
    assert sheet.height == TITLE + 3 * (40 + CAPTION + GAP) + GAP


def test_a_sheet_needs_crops_and_as_many_captions() -> None:
    with pytest.raises(ValueError, match="needs crops"):
        draw_sheet([], title="t", captions=[], columns=2, side=40)
    with pytest.raises(ValueError, match="1, 2"):
        draw_sheet([np.zeros((9, 9, 3), np.uint8)], title="", captions=["", ""], columns=1, side=9)
