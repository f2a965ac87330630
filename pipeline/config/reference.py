"""Every setting with its type, default and text, read from the models: for `help` and the docs."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from pipeline.config.experiment import Experiment
from pipeline.config.types import Settings

NAMED = {"members": "NAME", "tasks": "TASK", "compare": "NAME"}  # mappings whose keys users choose
LIMITS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
FILE_NAMES = ("name", "competition.name")  # these follow from the files' names


@dataclass(frozen=True)
class Setting:
    """One key of the settings, as a user writes it; `default` is None where it must be given."""

    key: str
    kind: str
    default: str | None
    text: str


def list_settings(model: type[Settings] = Experiment, *, prefix: str = "") -> list[Setting]:
    """All settings below a model, in the order of their definition."""
    return list(_walk(model, prefix))


def find_settings(word: str) -> list[Setting]:
    """The settings of a key, of all below it, or else of all whose last word this is.

    `crop.margin`, `crop`, `members.age.lr` and `lr` are found; a member's or task's own name stands
    for every name. Raises ValueError, with the nearest keys, for a word that is none.
    """
    from difflib import get_close_matches

    known = list_settings()
    asked = word.split(".")
    found = [one for one in known if _is_below(one.key.split("."), asked)]
    if not found:
        found = [one for one in known if one.key.rpartition(".")[2] == word]
    if not found:
        words = {one.key for one in known} | {one.key.rpartition(".")[2] for one in known}
        close = get_close_matches(word, sorted(words), n=3, cutoff=0.5)
        hint = f"; did you mean {', '.join(close)}?" if close else ""
        raise ValueError(f"help settings: no setting {word!r}{hint}")
    return found


def _is_below(key: list[str], asked: list[str]) -> bool:
    if len(asked) > len(key):
        return False
    for part, word in zip(key, asked, strict=False):
        if part != word and part not in NAMED.values():
            return False
    return True


def _walk(model: type[Settings], prefix: str) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        key = f"{prefix}{name}"
        if key in FILE_NAMES:
            continue
        inner, is_mapping = _inner_model(field.annotation)
        if inner is None:
            yield Setting(key, _say_kind(field), _say_default(field), _say_text(field))
            continue
        if is_mapping:
            key = f"{key}.{NAMED.get(name, 'NAME')}"
        yield from _walk(inner, f"{key}.")


def _inner_model(annotation: Any) -> tuple[type[Settings] | None, bool]:
    """The model that a setting holds, and whether it holds several by name."""
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return annotation, False
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Annotated:
        return _inner_model(arguments[0])
    if origin is dict:
        inner, _ = _inner_model(arguments[1])
        return inner, True
    if origin in (Union, UnionType):
        for one in arguments:
            inner, is_mapping = _inner_model(one)
            if inner is not None:
                return inner, is_mapping
    return None, False


def _say_kind(field: FieldInfo) -> str:
    limits = ", ".join(_say_limits(field.metadata))
    kind = _say_type(field.annotation)
    return f"{kind} ({limits})" if limits else kind


def _say_limits(metadata: Any) -> Iterator[str]:
    for rule in metadata:
        for name, words in LIMITS.items():
            value = getattr(rule, name, None)
            if value is not None and value != 2**31:  # the bound of a seed is of no interest
                yield f"{words} {value:g}"


def _say_type(annotation: Any) -> str:
    """The type in a user's words."""
    plain = {bool: "true or false", int: "whole number", float: "number", str: "text"}
    if annotation in plain:
        return plain[annotation]
    if annotation is NoneType:
        return "null"
    if isinstance(annotation, type) and issubclass(annotation, Settings):
        return f"mapping with {', '.join(annotation.model_fields)}"
    origin = get_origin(annotation)
    arguments = get_args(annotation)
    if origin is Annotated:
        limits = ", ".join(_say_limits(_metadata_of(arguments[1:])))
        kind = _say_type(arguments[0])
        return f"{kind} ({limits})" if limits else kind
    if origin is Literal:
        return " | ".join(str(value) for value in arguments)
    if origin in (Union, UnionType):
        return " | ".join(dict.fromkeys(_say_type(one) for one in arguments))
    if origin in (tuple, list):
        inner = dict.fromkeys(_say_type(one) for one in arguments if one is not Ellipsis)
        return f"list of {' | '.join(inner)}"
    if origin is dict:
        return f"mapping of {_say_type(arguments[1])}"
    return "value"


def _metadata_of(extras: Any) -> list[Any]:
    """The single rules of annotations; a pydantic Field holds several."""
    rules: list[Any] = []
    for extra in extras:
        rules += extra.metadata if isinstance(extra, FieldInfo) else [extra]
    return rules


def _say_default(field: FieldInfo) -> str | None:
    if field.is_required():
        return None
    value = field.get_default(call_default_factory=True)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list):
        return f"[{', '.join(str(one) for one in value)}]"
    return str(value)


def _say_text(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())
