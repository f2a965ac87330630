"""What every settings model is made of: the strict base, the value types, the check of a name."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from pipeline.labels.kinds import METRIC_FAMILIES, METRIC_KINDS, metric_kinds, split_own_metric

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]*$", max_length=80)]

Text = Annotated[str, Field(min_length=1, max_length=200)]


def _table_word(value: Any) -> Any:
    """A value as the word that stands in a table: YAML gives 0 as a number, true as a truth."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return value


TableWord = Annotated[str, BeforeValidator(_table_word)]


class Settings(BaseModel):
    """The strict base of every section: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(
        extra="forbid",
        allow_inf_nan=False,
        frozen=True,
        protected_namespaces=(),
        use_attribute_docstrings=True,
    )


def check_name(name: str, known: dict, *, what: str, kind: str | None = None) -> None:
    """Raises ValueError for a name that is not known, or that does not serve this kind of task."""
    fitting = [word for word in known if kind is None or kind in known[word]]
    if name not in fitting:
        where = f" for a task of kind {kind}" if kind else ""
        hint = nearest(name, fitting)
        raise ValueError(f"{what} {name!r} is not known{where}{hint} allowed: {', '.join(fitting)}")


def check_metric(name: str, *, kind: str, what: str) -> None:
    """Raises ValueError for a metric that is unknown, or that does not serve this kind of task."""
    if split_own_metric(name) is not None:
        return
    if "@" not in name:
        families = {f"{family}@NUMBER": kinds for family, kinds in METRIC_FAMILIES.items()}
        check_name(name, METRIC_KINDS | families, kind=kind, what=what)
    elif kind not in metric_kinds(name):
        serves = " or ".join(metric_kinds(name))
        raise ValueError(f"{what} {name!r} is for tasks of kind {serves}, not {kind}")


def nearest(word: object, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the known word that is most like it, or else a semicolon."""
    close = get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ";"
