"""The page: head, list of contents, sections. It allows itself neither scripts nor addresses."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.features.report.html.markup import Child, Html, join, tag
from pipeline.features.report.html.style import style_sheet

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Section:
    """A part of the page under its own heading; `name` is where links lead."""

    name: str
    title: str
    body: Html


def build_page(*, title: str, lead: Child, sections: Sequence[Section], foot: Child) -> str:
    """The whole document."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Html(style_sheet())),
    )
    contents = [tag("li", tag("a", s.title, href=f"#{s.name}")) for s in sections]
    body = tag(
        "body",
        tag("a", "To the content", class_="skip", href="#main"),
        tag(
            "div",
            tag("nav", tag("ol", *contents), aria_label="Sections"),
            tag(
                "div",
                tag("header", tag("h1", title), lead),
                tag("main", *map(_section, sections), id="main"),
                tag("footer", foot),
            ),
            class_="page",
        ),
    )
    return join(Html("<!doctype html>\n"), tag("html", head, body, lang="en")) + "\n"


def _section(section: Section) -> Html:
    heading = f"{section.name}-heading"
    return tag(
        "section",
        tag("h2", section.title, id=heading),
        section.body,
        id=section.name,
        aria_labelledby=heading,
    )


def key_numbers(pairs: Sequence[tuple[str, str, str]]) -> Html:
    """Cards of a name, a value and what it stands on."""
    cards = [
        tag("div", tag("dt", name), tag("dd", value, tag("small", note) if note else None))
        for name, value, note in pairs
    ]
    return tag("dl", *cards, class_="key")


def count_grid(
    rows: Sequence[str],
    columns: Sequence[str],
    counts: Sequence[Sequence[int]],
    *,
    caption: str,
    corner: str,
    diagonal: bool = False,
) -> Html:
    """Counts in a grid, darker for a larger share of the row; with `diagonal` those beside it are
    mistakes, in another colour."""
    body = []
    for place, (name, values) in enumerate(zip(rows, counts, strict=True)):
        total, cells = max(sum(values), 1), [tag("th", name, scope="row")]
        for column, value in enumerate(values):
            share = value / total
            off = "off" if diagonal and column != place else None
            off = off if value else "none"
            said = [f"{value:,}", tag("small", say_share(share)) if value else None]
            cells.append(tag("td", *said, class_=off, style=f"--share:{share:.3f}"))
        body.append(tag("tr", *cells))
    head = [tag("th", corner, scope="col"), *(tag("th", c, scope="col") for c in columns)]
    inside = tag(
        "table",
        tag("caption", tag("span", caption)),
        tag("thead", tag("tr", *head)),
        tag("tbody", *body),
        class_="counts wide" if len(columns) > 8 else "counts",
    )
    return tag("div", inside, class_="scroll", tabindex=0, role="region", aria_label=caption)


def say_share(share: float) -> str:
    """A share in whole percents; nothing but all is 100 %, nothing but none is 0 %."""
    if share not in (0.0, 1.0) and not 0.005 <= share < 0.995:
        return "<1 %" if share < 0.5 else ">99 %"
    return f"{100 * share:.0f} %"
