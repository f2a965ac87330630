from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from pipeline.figures.charts import (
    MAX_BARS,
    bars,
    count_table,
    histogram,
    rate_curve,
    save_panels,
    size_map,
)
from pipeline.figures.overlay import bands


@pytest.fixture
def axes():
    figure = Figure()
    FigureCanvasAgg(figure)
    return figure.add_subplot()


def test_panels_become_a_png_with_something_on_it(tmp_path: Path) -> None:
    sizes = pd.DataFrame({"width": [64, 64, 90], "height": [64, 64, 120]})
    joint = pd.DataFrame([[5, 0], [1, 9]], index=["a", "b"], columns=["x", "y"])
    panels = {
        "bars": bars(["yes", "no"], [3, 900]),
        "numbers": histogram({"train": np.arange(90.0)}, label="age", marks=[30, 60], whole=True),
        "sizes": size_map({"train": sizes}),
        "joint": count_table(joint),
        "rates": rate_curve([1e-3, 1e-2, 0.1], {"end": [1.0, 0.5, np.inf]}, marks={"picked": 1e-3}),
    }
    save_panels(tmp_path / "out.png", panels)
    with Image.open(tmp_path / "out.png") as image:
        assert image.format == "PNG"
        assert image.width > 1000
        assert np.asarray(image.convert("L")).std() > 5


def test_bars_carry_their_counts_and_too_many_are_summed(axes) -> None:
    bars(["a", "b"], [3, 1200])(axes)
    assert {"3", "1,200"} <= {text.get_text() for text in axes.texts}
    axes.clear()
    bars([f"class {i}" for i in range(100)], list(range(100)))(axes)
    assert len(axes.patches) == MAX_BARS
    assert sum(bar.get_width() for bar in axes.patches) == sum(range(100))


@pytest.mark.parametrize("top", [5, 39, 61, 116])
def test_whole_numbers_fall_evenly_into_their_bars(axes, top: int) -> None:
    values = np.arange(1, top + 1)
    histogram({"train": np.repeat(values, 3)}, label="age", whole=True)(axes)
    heights = [bar.get_height() for bar in axes.patches]
    assert sum(heights) == 3 * top  # none falls off the end
    assert len(set(heights[:-1])) == 1  # a bin that holds more whole numbers would stand out


def test_every_cell_of_the_joint_table_shows_its_count(axes) -> None:
    count_table(pd.DataFrame([[5, 0], [1, 9999]], index=["a", "b"], columns=["x", "y"]))(axes)
    assert [text.get_text() for text in axes.texts] == ["5", "0", "1", "9,999"]
    assert axes.texts[1].get_color() == "#b3261e"


def test_no_curve_is_left_out_and_none_looks_like_another(axes) -> None:
    curve = ([0.0, 1.0], [1.0, 2.0], [0.5, 1.5], [1.5, 2.5])
    bands({f"member {n}": curve for n in range(8)}, label="blur", legend=True)(axes)
    lines = axes.get_lines()
    assert [line.get_label() for line in lines] == [f"member {n}" for n in range(8)]
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 8
    assert axes.get_legend() is not None
