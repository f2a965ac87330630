"""Writes the pages that the program knows best: `python docs/generate.py [--check]`.

docs/settings.md from the settings' docstrings, docs/metrics.md from the metrics' registry, and
configs/schema.json for editors. `--check` writes nothing and exits with 1 where one is stale.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from pydantic import BaseModel  # noqa: E402
from pydantic.fields import FieldInfo  # noqa: E402

from pipeline.config import Experiment  # noqa: E402
from pipeline.labels.kinds import METRIC_KINDS  # noqa: E402
from pipeline.metrics.metrics import find_metric  # noqa: E402

HEAD = """# Settings

Every key that a config can have, generated from the program. `key=value` on the command line works
for each: `members.age.lr=1e-4`. `./run.sh help settings KEY` prints the same.
"""


def pages() -> dict[Path, str]:
    """The generated files and what they must hold."""
    schema = json.dumps(Experiment.model_json_schema(), indent=1, sort_keys=True)
    return {
        PROJECT / "docs/settings.md": HEAD + "\n".join(_sections(Experiment, "")) + "\n",
        PROJECT / "docs/metrics.md": _metrics_page(),
        PROJECT / "configs/schema.json": schema + "\n",
    }


def _sections(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """A table of a model's keys, then the tables of the models below it."""
    title = f"`{prefix.rstrip('.')}`" if prefix else "At the top"
    yield f"\n## {title}\n"
    if prefix and model.__doc__:
        yield " ".join(model.__doc__.split()) + "\n"
    yield "| key | value | default | what |\n|---|---|---|---|"
    below = []
    for name, field in model.model_fields.items():
        inner = _model_of(field.annotation)
        if inner is not None:
            below.append((f"{prefix}{name}{_below(field.annotation)}.", inner))
        cells = (f"`{name}`", _say_type(field.annotation), _say_default(field), _text(field))
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    for path, inner in below:
        yield from _sections(inner, path)


def _below(annotation: Any) -> str:
    return ".NAME" if _is_mapping(annotation) else ""


def _is_mapping(annotation: Any) -> bool:
    return any(get_origin(each) is dict for each in _branches(annotation))


def _branches(annotation: Any) -> list[Any]:
    """The types that an annotation allows, without what only narrows them."""
    if get_origin(annotation) is Annotated:
        return _branches(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        found = []
        for each in get_args(annotation):
            found += _branches(each)
        return found
    return [annotation]


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The settings model behind an annotation, also as the values of a mapping."""
    for each in _branches(annotation):
        if get_origin(each) is dict:
            return _model_of(get_args(each)[1])
        if isinstance(each, type) and issubclass(each, BaseModel):
            return each
    return None


def _say_type(annotation: Any) -> str:
    words = []
    for each in _branches(annotation):
        origin = get_origin(each)
        if each is NoneType:
            words.append("null")
        elif origin is Literal:
            words += [f"`{value}`" for value in get_args(each)]
        elif origin is tuple:
            words.append(f"list of {_say_type(get_args(each)[0])}")
        elif origin is dict:
            words.append("name: " + _say_type(get_args(each)[1]))
        elif isinstance(each, type) and issubclass(each, BaseModel):
            words.append("keys, below")
        else:
            known = {str: "text", int: "whole number", float: "number", bool: "true or false"}
            words.append(known.get(each, str(getattr(each, "__name__", each))))
    return ", ".join(dict.fromkeys(words))


def _say_default(field: FieldInfo) -> str:
    if field.is_required():
        return "(needed)"
    default = field.get_default(call_default_factory=True)
    if isinstance(default, BaseModel):
        return ""
    if isinstance(default, tuple):
        return f"`{json.dumps(list(default))}`"
    return f"`{json.dumps(default)}`"


def _text(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _metrics_page() -> str:
    lines = [
        "# Metrics",
        "",
        "Generated from the program. `metric: NAME` in the competition file; of your own:",
        "`metric: my_metric.py:score`.",
        "",
        "| metric | kinds of task | better | looks at |",
        "|---|---|---|---|",
    ]
    for name, kinds in METRIC_KINDS.items():
        metric = find_metric(name)
        better = "higher" if metric.higher_is_better else "lower"
        lines.append(f"| `{name}` | {', '.join(kinds)} | {better} | {metric.looks_at} |")
    return "\n".join(lines) + "\n"


def main(words: list[str]) -> int:
    stale = []
    for path, text in pages().items():
        found = path.read_text(encoding="utf-8") if path.exists() else ""
        if found == text:
            continue
        stale.append(str(path.relative_to(PROJECT)))
        if "--check" not in words:
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in words:
        print(f"stale: {', '.join(stale)}; run python docs/generate.py", file=sys.stderr)
        return 1
    print(f"written: {', '.join(stale) or 'nothing, all is up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
