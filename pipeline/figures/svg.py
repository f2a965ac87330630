"""A chart as SVG for a page: colours are the page's variables, so that it follows light and dark.

matplotlib writes ids, clips and markers by reference. Two charts of one page would share ids, so
everything is written in place here, and no id is left.
"""

import re
from io import StringIO
from xml.etree import ElementTree

from matplotlib import rc_context
from matplotlib.figure import Figure

from pipeline.figures.chart import TIP, TIPS, UNIT, WIDTH, Chart, add_axes
from pipeline.figures.palette import LIGHT

_VARIABLES = {colour: f"var(--{name})" for name, colour in LIGHT.items()}
_COLOUR = re.compile("#[0-9a-f]{6}")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_DROPPED_STYLES = ("font-family", "stroke-linecap: square", "stroke-linejoin")


def draw_svg(chart: Chart, *, says: str) -> str:
    """The chart as the text of an <svg> element; `says` stands for it where it can't be seen."""
    figure = Figure(figsize=(WIDTH / UNIT, chart.height / UNIT), dpi=UNIT)
    chart.draw(add_axes(figure, chart))
    file = StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "page"}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    root = _without_namespaces(ElementTree.fromstring(file.getvalue()))
    clean = ElementTree.Element("svg", {"viewBox": f"0 0 {WIDTH:g} {chart.height:g}"})
    clean.set("role", "img")
    clean.set("aria-label", says)
    shapes = {shape.get("id", ""): shape for shape in root.iter("path") if shape.get("id")}
    for child in root:
        _copy(child, clean, shapes)
    return ElementTree.tostring(clean, encoding="unicode")


def _without_namespaces(root: ElementTree.Element) -> ElementTree.Element:
    """The same tree with plain names: `path` and `href`."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        for key in list(element.attrib):
            element.set(key.rpartition("}")[2], element.attrib.pop(key))
    return root


def _copy(
    element: ElementTree.Element,
    parent: ElementTree.Element,
    shapes: dict[str, ElementTree.Element],
) -> None:
    """Writes what is seen of an element below `parent`: groups only where they carry a tip."""
    if element.tag in ("metadata", "defs"):
        return
    words = element.get("id", "")
    if words.startswith(TIP):
        parent = ElementTree.SubElement(parent, "g")
        _add_tip(parent, words.removeprefix(TIP))
    if words.startswith(TIPS):
        _copy_markers(element, parent, shapes, words.removeprefix(TIPS).split("|"))
    elif element.tag == "g":
        for child in element:
            _copy(child, parent, shapes)
    elif element.tag == "use":
        _place_shape(element, parent, shapes)
    elif element.tag == "text":
        _copy_text(element, parent)
    elif element.tag == "path" and not _is_invisible(element):
        attributes = {"d": _path(element), "style": _style(element)}
        ElementTree.SubElement(parent, "path", attributes)


def _copy_markers(
    element: ElementTree.Element,
    parent: ElementTree.Element,
    shapes: dict[str, ElementTree.Element],
    words: list[str],
) -> None:
    """The markers of one line, each with its own tip."""
    markers = list(element.iter("use"))
    assert len(markers) == len(words), f"{len(markers)} markers, {len(words)} tips"
    for marker, word in zip(markers, words, strict=True):
        group = ElementTree.SubElement(parent, "g")
        _add_tip(group, word)
        _place_shape(marker, group, shapes)


def _add_tip(group: ElementTree.Element, words: str) -> None:
    """The text of a tip: a browser shows the title by itself, the page's script shows it sooner."""
    group.set("class", "tip")
    ElementTree.SubElement(group, "title").text = words


def _place_shape(
    use: ElementTree.Element,
    parent: ElementTree.Element,
    shapes: dict[str, ElementTree.Element],
) -> None:
    """A shape that matplotlib writes once and refers to; a round marker becomes a circle."""
    shape = shapes[use.get("href", "").removeprefix("#")]
    x, y = _short(use.get("x", "0")), _short(use.get("y", "0"))
    round_marker = re.match(r"M 0 ([\d.]+)\s+C", shape.get("d", ""))
    if round_marker and shape.get("d", "").count("C") == 8:
        radius = _short(round_marker[1])
        attributes = {"cx": x, "cy": y, "r": radius, "style": _style(use)}
        ElementTree.SubElement(parent, "circle", attributes)
    else:
        attributes = {"d": _path(shape), "transform": f"translate({x} {y})", "style": _style(use)}
        ElementTree.SubElement(parent, "path", attributes)


def _copy_text(element: ElementTree.Element, parent: ElementTree.Element) -> None:
    attributes = {"x": _short(element.get("x", "0")), "y": _short(element.get("y", "0"))}
    attributes["style"] = _style(element)
    if "x" not in element.attrib:  # matplotlib places some texts by a transform alone
        attributes = {"transform": _short(element.get("transform", "")), "style": _style(element)}
    ElementTree.SubElement(parent, "text", attributes).text = "".join(element.itertext())


def _is_invisible(path: ElementTree.Element) -> bool:
    style = path.get("style", "")
    return "stroke: #" not in style and ("fill: none" in style or style.startswith("opacity: 0"))


def _path(element: ElementTree.Element) -> str:
    """The path, as short as it can be said: no blank stands beside a letter."""
    return re.sub(r"\s*([MLCQz])\s*", r"\1", _short(element.get("d", "")))


def _short(text: str) -> str:
    """Numbers to a tenth of a pixel."""
    return _LONG_NUMBER.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), text)


def _style(element: ElementTree.Element) -> str:
    """The style without what the page says itself, with its variables for colours."""
    rules = [rule.strip() for rule in element.get("style", "").split(";")]
    kept = [rule for rule in rules if rule and not rule.startswith(_DROPPED_STYLES)]
    text = ";".join(kept).replace(": ", ":")
    return _COLOUR.sub(lambda found: _VARIABLES.get(found[0], found[0]), text)
