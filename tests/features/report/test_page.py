"""Pages: no text becomes markup, the policy holds, tables and grids say their numbers."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markupsafe import Markup
from PIL import Image

from pipeline.features.report.page import (
    TEMPLATES,
    Section,
    build_page,
    environment,
    render,
    style_sheet,
)
from pipeline.features.report.parts import (
    Face,
    Figure,
    Grid,
    Hint,
    Table,
    data_uri,
    figure,
    say_share,
)
from pipeline.figures.charts import bars
from pipeline.figures.palette import LIGHT

EVIL = '"><script>alert(1)</script>'


class Reader(HTMLParser):
    """Texts, and every tag with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts, self.tags, self.open = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, name: str, attributes: list) -> None:
        self.tags.append((name, dict(attributes)))
        if name not in ("meta", "img", "br", "wbr"):
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def part(name: str, value: object) -> str:
    """What a macro of parts.html.j2 makes of a value."""
    module = environment().get_template("parts.html.j2").module
    return str(getattr(module, name)(value))


def make_page(**values) -> str:
    given = {"title": "t", "lead": Markup(""), "sections": [], "made": "now", "command": "x"}
    return build_page(**{**given, **values})


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r")))
def test_any_text_comes_back_as_text_and_never_as_a_tag(words: str) -> None:
    read = Reader(part("hint", Hint("what", words)))
    assert [name for name, _ in read.tags] == ["p", "code"]
    assert words in "".join(read.texts)


def test_every_part_escapes_every_text() -> None:
    table = Table((EVIL, "b"), [(EVIL, 1)], caption=EVIL, name=EVIL)
    grid = Grid([EVIL, "y"], [EVIL, "y"], [[1, 2], [0, 3]], caption=EVIL, corner=EVIL)
    face = Face("data:,", EVIL, 3, EVIL)
    chart = figure(EVIL, bars([EVIL], [3]), says=EVIL, note=EVIL)
    parts = [
        part("table", table),
        part("grid", grid),
        part("faces", [face]),
        part("figure", chart),
        part("note", EVIL),
    ]
    sections = [Section("s", EVIL, Markup("".join(parts)), says=EVIL)]
    page = make_page(title=EVIL, sections=sections, made=EVIL, command=EVIL, trained=EVIL)
    read = Reader(page)
    assert not read.open
    names = [name for name, _ in read.tags]
    assert names.count("script") == 1  # the page's own
    assert names.count("h1") == 1
    assert ("html", {"lang": "en"}) in read.tags
    assert all(found["alt"] for name, found in read.tags if name == "img")
    assert all(found["aria-label"] for name, found in read.tags if name == "svg")
    assert not re.search(r"""(?:href|src)=["'](?!#|data:)|url\(|@import""", page)


def test_the_policy_allows_the_pages_own_script_and_nothing_else() -> None:
    page = make_page()
    (script,) = re.findall(r"<script>(.*?)</script>", page, flags=re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [
        found["content"]
        for name, found in Reader(page).tags
        if found.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'"
    )


def test_a_name_that_a_template_does_not_know_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="sentence"):
        render("lead.html.j2", sentense="x")


def test_every_colour_that_the_rules_name_is_there() -> None:
    used = set(re.findall(r"var\(--([a-z0-9]+)\)", style_sheet())) - {"share"}
    assert used <= set(LIGHT)


def test_every_class_that_templates_give_has_a_rule() -> None:
    names = environment().list_templates(extensions=["j2"])
    loader = environment().loader
    text = "".join(loader.get_source(environment(), name)[0] for name in names)
    classes = {word for found in re.findall(r'class="([a-z ]+)"', text) for word in found.split()}
    rules = style_sheet() + (TEMPLATES / "report.js").read_text(encoding="utf-8")
    assert classes
    assert [name for name in classes if f".{name}" not in rules] == []


def test_a_tables_words_stand_left_and_its_numbers_right() -> None:
    table = Table(("a", "b", "c"), [("x", 1, "y")], caption="c", words=1, last_is_words=True)
    read = Reader(part("table", table))
    heads = [found["class"] for name, found in read.tags if name == "th" and "class" in found]
    assert heads == ["word", "number", "word", "word"]  # the row's own head comes last
    assert [found["class"] for name, found in read.tags if name == "td"] == ["number", "word"]


def test_zeros_of_a_grid_stay_empty_and_mistakes_have_their_colour() -> None:
    grid = Grid(["a", "b"], ["a", "b"], [[3, 1], [0, 2]], "c", corner="k", has_diagonal=True)
    read = Reader(part("grid", grid))
    cells = [found for name, found in read.tags if name == "td"]
    assert [found["class"] for found in cells] == ["", "off", "none", ""]
    assert [found["style"] for found in cells] == [
        "--share:0.750",
        "--share:0.250",
        "--share:0.000",
        "--share:1.000",
    ]
    texts = [text for text in read.texts if text.strip()]
    assert texts == ["c", "k", "a", "b", "a", "3", "75 %", "1", "25 %", "b", "2", "100 %"]


@pytest.mark.parametrize(
    ("share", "says"),
    [(0.0, "0 %"), (0.001, "<1 %"), (0.334, "33 %"), (0.9972, ">99 %"), (1.0, "100 %")],
)
def test_only_all_is_a_hundred_percent(share: float, says: str) -> None:
    assert say_share(share) == says


def test_a_figure_without_a_note_has_no_caption() -> None:
    assert "figcaption" not in part("figure", Figure("t", Markup("<svg></svg>")))
    assert "figcaption" in part("figure", Figure("t", Markup("<svg></svg>"), "n"))


def test_an_image_becomes_the_address_of_itself() -> None:
    address = data_uri(Image.new("RGB", (4, 4), "red"), quality=72)
    kind, _, content = address.partition(";base64,")
    assert kind == "data:image/jpeg"
    assert base64.b64decode(content)[:2] == b"\xff\xd8"
