"""HTML built from calls: what is not markup already is escaped, so no text can become any."""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape

_VOID = ("meta", "img", "br")


class Html(str):
    """Text that is markup; any other text is escaped where it is put into some."""


Child = str | int | float | None | Iterable["Child"]


def tag(name: str, /, *children: Child, **attributes: str | int | float | bool | None) -> Html:
    """An element. `class_` is class, `_` in a name is `-`; None leaves a child or attribute out,
    True an attribute's value."""
    words = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        words.append(key if value is True else f'{key}="{escape(str(value))}"')
    start = f"<{' '.join(words)}>"
    return Html(start if name in _VOID else f"{start}{join(*children)}</{name}>")


def join(*children: Child) -> Html:
    """Children one after the other, escaped where they are no markup."""
    parts = []
    for child in children:
        if isinstance(child, Html):
            parts.append(child)
        elif isinstance(child, str | int | float):
            parts.append(escape(str(child)))
        elif child is not None:
            parts.append(join(*child))
    return Html("".join(parts))


def paragraph(*children: Child, note: bool = False) -> Html:
    return tag("p", *children, class_="note" if note else None)


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[Child]],
    *,
    caption: str,
    words: int = 1,
    last: bool = False,
    name: str | None = None,
) -> Html:
    """A table that scrolls by itself where it is too wide. The first `words` columns are words (and
    with `last` the last one), the others numbers; the first cell of each row heads it."""
    kinds = ["word" if place < words else "regression" for place in range(len(header))]
    kinds[-1] = "word" if last else kinds[-1]
    head = [
        tag("th", cell, scope="col", class_=kind) for cell, kind in zip(header, kinds, strict=True)
    ]
    body = []
    for row in rows:
        first, *others = row
        cells = [tag("th", first, scope="row", class_="word")]
        cells += [tag("td", c, class_=k) for c, k in zip(others, kinds[1:], strict=True)]
        body.append(tag("tr", *cells))
    inside = tag(
        "table",
        tag("caption", tag("span", caption)),
        tag("thead", tag("tr", *head)),
        tag("tbody", *body),
        id=name,
    )
    return scrolling(inside, name=caption)


def scrolling(*children: Child, name: str) -> Html:
    """A region that scrolls sideways, with the keyboard too."""
    return tag("div", *children, class_="scroll", tabindex=0, role="region", aria_label=name)


def folded(summary: str, *children: Child) -> Html:
    """What opens when it is asked for."""
    return tag("details", tag("summary", summary), *children)


def image(content: bytes, *, kind: str, says: str, side: int | None = None) -> Html:
    """An image within the page; `says` stands for it where it can't be seen."""
    source = f"data:image/{kind};base64,{b64encode(content).decode('ascii')}"
    return tag("img", src=source, alt=says, width=side, height=side)


def drawn(drawing: Html, *, title: str, note: Child = None) -> Html:
    """A drawing under its title, with a note below it."""
    return tag(
        "figure",
        tag("h4", title),
        drawing,
        tag("figcaption", note) if note else None,
    )


def side_by_side(*children: Child) -> Html:
    """Figures beside each other, as many as there is room for."""
    return tag("div", *children, class_="row")
