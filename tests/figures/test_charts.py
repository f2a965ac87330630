"""Charts: what is drawn is what was given; as SVG they have the page's colours and hover texts."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from pipeline.figures.chart import WIDTH, Chart, add_axes, save_panels, say_count, shorten
from pipeline.figures.charts import (
    MAX_BARS,
    bars,
    count_table,
    histogram,
    histogram_edges,
    size_map,
)
from pipeline.figures.curves import Curve, plot_curves, rate_curve, scatter
from pipeline.figures.intervals import Interval, plot_intervals, span_of
from pipeline.figures.palette import LIGHT
from pipeline.figures.svg import draw_svg


def draw(chart: Chart):
    """The axes on which a chart is drawn."""
    figure = Figure(figsize=(WIDTH / 72, chart.height / 72), dpi=72)
    FigureCanvasAgg(figure)
    axes = add_axes(figure, chart)
    chart.draw(axes)
    return axes


def texts_of(axes) -> set[str]:
    return {text.get_text() for text in axes.texts}


def tips_of(svg: str) -> list[str]:
    return [str(title.text) for title in ElementTree.fromstring(svg).iter("title")]


def test_panels_become_a_png_with_something_on_it(tmp_path: Path) -> None:
    sizes = pd.DataFrame({"width": [64, 64, 90], "height": [64, 64, 120]})
    joint = pd.DataFrame([[5, 0], [1, 9]], index=["a", "b"], columns=["x", "y"])
    panels = {
        "bars": bars(["yes", "no"], [3, 900]),
        "numbers": histogram({"train": np.arange(90.0)}, label="age", marks=[30, 60]),
        "sizes": size_map({"train": sizes}),
        "joint": count_table(joint),
        "rates": rate_curve([1e-3, 1e-2, 0.1], {"end": [1.0, 0.5, np.inf]}, marks={"picked": 1e-3}),
    }
    save_panels(tmp_path / "out.png", panels)
    with Image.open(tmp_path / "out.png") as image:
        assert image.format == "PNG"
        assert image.width > 1000
        assert np.asarray(image.convert("L")).std() > 5


def test_bars_carry_their_counts_and_too_many_are_summed() -> None:
    assert {"3 images", "1,200 images"} <= texts_of(draw(bars(["a", "b"], [3, 1200])))
    axes = draw(bars([f"class {i}" for i in range(100)], list(range(100))))
    assert len(axes.patches) == MAX_BARS
    assert sum(bar.get_width() for bar in axes.patches) == sum(range(100))


@pytest.mark.parametrize("top", [1, 5, 39, 61, 116])
def test_whole_numbers_fall_evenly_into_their_bars(top: int) -> None:
    values = np.arange(1, top + 1)
    axes = draw(histogram({"train": np.repeat(values, 3)}, label="age"))
    heights = [bar.get_height() for bar in axes.patches]
    assert sum(heights) == 3 * top  # none falls off the end
    assert len(set(heights[:-1])) <= 1  # a bin that holds more whole numbers would stand out


def test_a_log_axis_says_numbers_and_its_bars_stand_on_it() -> None:
    axes = draw(histogram({"train": np.repeat([1, 2], [1000, 1])}, label="n", log=True))
    low, _ = axes.get_ylim()
    tops = [bar.get_y() + bar.get_height() for bar in axes.patches]
    assert tops == pytest.approx([1000, 1])
    assert all(bar.get_y() == pytest.approx(low) for bar in axes.patches)
    svg = draw_svg(histogram({"a": np.repeat([1, 2], [1000, 1])}, label="n", log=True), says="s")
    assert {"1", "10", "1,000"} <= {text.text for text in ElementTree.fromstring(svg).iter("text")}


def test_one_value_alone_is_one_bar() -> None:
    axes = draw(histogram({"train": np.full(80, 7)}, label="images"))
    (bar,) = axes.patches
    assert bar.get_height() == 80
    low, high = axes.get_xlim()
    assert low < bar.get_x() + bar.get_width() / 2 < high
    assert histogram_edges(np.full(3, 0.5)).tolist() == np.linspace(0.5, 1.5, 31).tolist()


def test_two_parts_of_one_size_are_both_seen() -> None:
    frame = pd.DataFrame({"width": [192] * 5, "height": [256] * 5})
    axes = draw(size_map({"train": frame, "test": frame}))
    rings = [line for line in axes.get_lines() if line.get_marker() == "o"]
    assert len({line.get_markersize() for line in rings}) == 2
    assert axes.get_xlim()[0] == 0.0
    assert tips_of(draw_svg(size_map({"train": frame}), says="s")) == [
        "train: 5 images of 192 x 256 pixels"
    ]


def test_every_cell_of_the_joint_table_shows_its_count() -> None:
    axes = draw(
        count_table(pd.DataFrame([[5, 0], [1, 9999]], index=["a", "b"], columns=["x", "y"]))
    )
    assert [text.get_text() for text in axes.texts] == ["5", "0", "1", "9,999"]
    assert axes.texts[1].get_color() == LIGHT["alarm"]


def test_no_curve_is_left_out_and_none_looks_like_another() -> None:
    curves = [
        Curve(f"member {n}", [0.0, 1.0], [1.0, 2.0], [0.5, 1.5], [1.5, 2.5], tone=n)
        for n in range(6)
    ]
    axes = draw(plot_curves(curves, x_label="blur"))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [c.name for c in curves]
    lines = [line for line in axes.get_lines() if len(line.get_xdata()) == 2]
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 6


def test_curves_leave_out_what_is_no_number() -> None:
    ys = [1.0, float("nan"), 3.0]
    curves = [Curve("x", [1, 2, 3], ys, lows=ys, highs=ys), Curve("y", [1], [2.0], tone=1)]
    svg = draw_svg(plot_curves(curves, x_label="epoch"), says="two")
    assert "nan" not in svg
    assert tips_of(svg) == ["x, 1: 1", "x, 3: 3", "y, 1: 2"]
    line = Curve("z", [1, 2], [1, 2], sizes=[0, 3])
    assert tips_of(draw_svg(plot_curves([line], x_label="epoch"), says="s")) == ["z, 2: 2"]


def test_intervals_show_their_numbers_and_stay_in_the_drawing() -> None:
    rows = [
        Interval("a", 0.5, 0.4, 0.6, "0.50 (0.40–0.60)", folds=(0.1, 0.9), mark=-50.0),
        Interval("b", 0.7, float("nan"), float("nan"), "0.70"),
    ]
    svg = ElementTree.fromstring(draw_svg(plot_intervals(rows, x_label="accuracy"), says="both"))
    texts = {text.text for text in svg.iter("text")}
    assert {"a", "b", "0.50 (0.40–0.60)", "0.70", "accuracy"} <= texts
    places = [float(circle.get("cx")) for circle in svg.iter("circle")]
    assert len(places) == 4
    assert all(0 <= place <= WIDTH for place in places)


def test_long_names_are_not_cut_but_go_above_their_values() -> None:
    name = "masks-lite-stack over masks-lite/joint"
    rows = [Interval(n, 0.5, 0.4, 0.6, "+0.0134 (+0.0017 to +0.0257)") for n in (name, "b")]
    axes = draw(plot_intervals(rows, x_label="gain"))
    assert name in texts_of(axes)
    heights = [text.get_position()[1] for text in axes.texts]
    assert len(set(heights)) == 4  # two names and two values, none beside another


def test_a_span_holds_all_values_with_room() -> None:
    assert span_of([[float("nan")]]) == (0.0, 1.0)
    low, high = span_of([[2.0, 4.0]])
    assert low < 2.0
    assert high > 4.0
    assert span_of([[2.0, 4.0]], zero=True)[0] < 0.0


def test_an_svg_has_the_pages_colours_and_nothing_by_reference() -> None:
    curve = Curve("a", [1, 2], [0.1, 0.2], lows=[0.0, 0.1], highs=[0.2, 0.3])
    charts = [
        plot_curves([curve], x_label="x", diagonal=True, mark=1.5),
        scatter([1, 2], [2, 1], x_label="x", y_label="y", span=(0, 3), says=["one", "two | 2"]),
        bars(["<b>"], [3]),
        histogram({"train": np.arange(5), "test": np.arange(5)}, label="n"),
    ]
    for chart in charts:
        svg = draw_svg(chart, says="<says>")
        root = ElementTree.fromstring(svg)
        assert root.get("aria-label") == "<says>"
        assert not re.search(r"#[0-9a-f]{6}|href|url\(|\bid=|font-family", svg)
        assert "var(--" in svg
    assert "two / 2" in tips_of(draw_svg(charts[1], says="s"))
    assert "<b>: 3 images" in tips_of(draw_svg(charts[2], says="s"))


def test_words_of_an_axis_and_of_a_legend_end_within_the_chart() -> None:
    """Measured as matplotlib draws them: a long number, a number at the end, long names."""
    numbers = plot_curves([Curve("a", [0, 1], [-25000.0, 25000.0])], x_label="x")
    ends = plot_intervals([Interval("a", 0.0, -0.00401, 0.00401, "says")], x_label="x")
    names = ["an answer of many letters, AUC 0.5", "очень длинное название класса", "b"]
    legend = plot_curves([Curve(name, [0, 1], [0, 1]) for name in names], x_label="x")
    groups = {"train of a long name": np.arange(9.0), "test of a long name": np.arange(9.0)}
    for chart in (numbers, ends, legend, histogram(groups, label="x")):
        axes = draw(chart)
        axes.figure.canvas.draw()
        words = []
        for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
            words += [word for tick, word in ticks if low <= tick <= high]
        words += axes.get_legend().get_texts() if axes.get_legend() else []
        for word in words:
            box = word.get_window_extent()
            assert box.x0 >= -1.0, word.get_text()
            assert box.x1 <= WIDTH + 1.0, word.get_text()
            assert box.y0 >= -1.0, word.get_text()


def test_a_name_is_cut_by_its_width() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefg", 6) == "abcde…"
    assert shorten("安全帽を", 6) == "安全…"


def test_one_of_a_unit_is_singular() -> None:
    words = [say_count(1, "images"), say_count(1, "people"), say_count(1200, "people")]
    assert words == ["1 image", "1 person", "1,200 people"]
