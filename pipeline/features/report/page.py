"""A page: one HTML file from templates, with its style, script and drawings inside.

Every text is escaped by jinja2; only what a template or a drawing made is markup. The page asks no
network for anything: its policy allows inline images and styles, and the one script by its hash.
"""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from pipeline.figures.palette import DARK, LIGHT

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Section:
    """A part of a page under its own heading; `name` is where links lead.

    `says` stands beside the heading, so that a folded section tells something too."""

    name: str
    title: str
    body: Markup
    says: str = ""
    is_open: bool = True


def environment() -> Environment:
    """The templates of this folder: everything is escaped, and an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["breakable"] = breakable
    made.filters["minute"] = minute
    return made


def breakable(text: object) -> Markup:
    """A text as markup that a narrow column may break after a slash, an underscore or a dot between
    letters, as it does after a hyphen: classes of a combined answer, names of files and keys of
    settings have few blanks."""
    return Markup(re.sub(r"([/_]|(?<=[a-z])\.(?=[a-z]))", r"\1<wbr>", str(escape(text))))


def minute(time: str) -> str:
    """A stored time as readers want it (2026-11-26 09:12 UTC); other words as they are."""
    return re.sub(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\dZ$", r"\1 \2 UTC", time)


def render(template: str, **values: Any) -> Markup:
    """A template of this folder with these values, as markup."""
    return Markup(environment().get_template(template).render(**values))


def build_page(
    *,
    title: str,
    lead: str,
    sections: Sequence[Section],
    made: str,
    command: str,
    trained: str = "",
) -> str:
    """The whole document; `made` and `trained` are times, `command` is what was typed."""
    script = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    digest = b64encode(sha256(script.encode("utf-8")).digest()).decode("ascii")
    page = render(
        "page.html.j2",
        title=title,
        lead=lead,
        sections=sections,
        made=made,
        command=command,
        trained=trained,
        style=Markup(style_sheet()),
        script=Markup(script),
        policy=(
            "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
            f"script-src 'sha256-{digest}'"
        ),
    )
    return str(page) + "\n"


def style_sheet() -> str:
    """report.css under the colours of both modes; paper is always light."""
    rules = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    return (
        f":root {{ color-scheme: light dark; {_variables(LIGHT)} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK)} }} }}\n"
        f"@media print {{ :root {{ {_variables(LIGHT)} }} }}\n"
        f"{rules}"
    )


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in colours.items())
