"""Pages: nothing becomes markup that is not, the colours can be read, the drawings hold numbers."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.features.report.html.markup import Html, image, join, table, tag
from pipeline.features.report.html.page import (
    Section,
    build_page,
    count_grid,
    key_numbers,
    say_share,
)
from pipeline.features.report.html.style import DARK, LIGHT, style_sheet
from pipeline.features.report.html.svg import (
    Curve,
    Frame,
    Interval,
    plot_bars,
    plot_columns,
    plot_curves,
    plot_intervals,
    round_ticks,
    span_of,
)


class Reader(HTMLParser):
    """Texts, and every tag with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts, self.tags, self.open = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, name: str, attributes: list) -> None:
        self.tags.append((name, dict(attributes)))
        if name not in ("meta", "img", "br"):
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r")))
def test_any_text_comes_back_as_text_and_never_as_a_tag(words: str) -> None:
    page = tag("p", words, title=words)
    read = Reader(page)
    assert [name for name, _ in read.tags] == ["p"]
    assert "".join(read.texts) == words
    assert read.tags[0][1]["title"] == words


def test_markup_stays_markup_and_none_is_left_out() -> None:
    assert join(Html("<b>x</b>"), None, "<b>", [1, ["&"]]) == "<b>x</b>&lt;b&gt;1&amp;"
    assert tag("a", "x", href=None, hidden=True, class_="y") == '<a hidden class="y">x</a>'
    assert tag("meta", name="viewport", content="w") == '<meta name="viewport" content="w">'


def test_a_page_is_whole_and_closes_what_it_opens() -> None:
    evil = '"><script>alert(1)</script>'
    body = join(
        table(("a", "b"), [(evil, 1)], caption=evil),
        count_grid([evil, "y"], [evil, "y"], [[1, 2], [0, 3]], caption="c", corner="k"),
        key_numbers([(evil, "1", evil)]),
        image(b"abc", kind="png", says=evil),
        plot_bars([evil], [3], unit="images", says=evil),
        plot_columns([0, 1, 2], [1, 4], x_label=evil, says=evil),
    )
    page = build_page(title=evil, lead=evil, sections=[Section("s", evil, body)], foot=evil)
    read = Reader(page)
    assert not read.open
    names = [name for name, _ in read.tags]
    assert "script" not in names
    assert names.count("h1") == 1
    assert ("html", {"lang": "en"}) in read.tags
    assert all(found["alt"] for name, found in read.tags if name == "img")
    assert all(found["aria-label"] for name, found in read.tags if name == "svg")
    assert not re.search(r"""(?:href|src)=["'](?!#|data:)|url\(|@import""", page)


def luminance(colour: str) -> float:
    """WCAG 2: of an sRGB colour."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    one, other = sorted((luminance(first), luminance(second)), reverse=True)
    return (one + 0.05) / (other + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_everything_can_be_read_by_wcag_aa(colours: dict[str, str]) -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    for ground in ("paper", "card"):
        for word in ("ink", "soft", "link", "alarm"):
            assert contrast(colours[word], colours[ground]) >= 4.5, (word, ground)
        for tone in range(6):
            assert contrast(colours[f"tone{tone}"], colours[ground]) >= 3.0, (tone, ground)
    for ground in ("fill", "wrong"):  # the darkest a cell of a grid becomes
        assert contrast(colours["ink"], colours[ground]) >= 4.5, ground
    assert set(LIGHT) == set(DARK)


def test_every_colour_that_the_rules_name_is_there() -> None:
    used = set(re.findall(r"var\(--([a-z0-9]+)\)", style_sheet())) - {"share"}
    assert used <= set(LIGHT)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]), (3.0, 42.0, [10.0, 20.0, 30.0, 40.0])],
)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert round_ticks(low, high) == pytest.approx(expected)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_lie_within_and_are_few(low: float, width: float) -> None:
    ticks = round_ticks(low, low + width)
    assert len(ticks) <= 12
    assert all(low - 1e-6 * width <= tick <= low + width * (1 + 1e-6) for tick in ticks)


def test_a_place_is_as_far_along_the_axis_as_its_value() -> None:
    frame = Frame((10.0, 20.0), (0.0, 1.0))
    assert frame.x(15.0) == pytest.approx((frame.x(10.0) + frame.x(20.0)) / 2, abs=0.1)
    assert frame.y(0.0) > frame.y(1.0)
    assert span_of([float("nan")]) == (0.0, 1.0)


def test_intervals_show_their_numbers_and_stay_in_the_drawing() -> None:
    rows = [
        Interval("a", 0.5, 0.4, 0.6, "0.50 (0.40–0.60)", folds=(0.1, 0.9), stamp=-50.0),
        Interval("b", 0.7, float("nan"), float("nan"), "0.70"),
    ]
    read = Reader(plot_intervals(rows, x_label="accuracy", says="both"))
    assert {"a", "b", "0.50 (0.40–0.60)", "0.70", "accuracy"} <= set(read.texts)
    places = [float(found["cx"]) for name, found in read.tags if name == "circle"]
    assert len(places) == 4
    assert all(0 <= place <= 360 for place in places)


def test_long_names_are_not_cut_but_go_above_their_values() -> None:
    name = "masks-lite-stack over masks-lite/joint"
    rows = [Interval(n, 0.5, 0.4, 0.6, "+0.0134 (+0.0017 to +0.0257)") for n in (name, "b")]
    read = Reader(plot_intervals(rows, x_label="gain", says="both"))
    assert name in read.texts
    heights = [float(found["y"]) for kind, found in read.tags if kind == "text"]
    assert len(set(heights[-5:-1])) == 4  # two names and two values, none beside another


@pytest.mark.parametrize(
    ("share", "says"),
    [(0.0, "0 %"), (0.001, "<1 %"), (0.334, "33 %"), (0.9972, ">99 %"), (1.0, "100 %")],
)
def test_only_all_is_a_hundred_percent(share: float, says: str) -> None:
    page = count_grid(["a"], ["a", "b"], [[0, 0]], caption="c", corner="k")
    assert "%" not in "".join(Reader(page).texts)
    assert say_share(share) == says


def test_curves_leave_out_what_is_no_number() -> None:
    ys = [1.0, float("nan"), 3.0]
    curves = [Curve("x", [1, 2, 3], ys, lows=ys, highs=ys), Curve("y", [1], [2.0], tone=1)]
    page = plot_curves(curves, x_label="epoch", y_label="", says="two")
    assert "nan" not in page
    assert Reader(page).texts[-2:] == ["x", "y"]
