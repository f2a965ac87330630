"""How trained members answer: views, blends, another contest's weights."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipeline.config.types import Count, Fraction, Settings, Word
from pipeline.labels.views import parse_view


def _check_view(name: str) -> str:
    parse_view(name)  # raises ValueError for a name of no view
    return name


def _check_once(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise ValueError(f"{twice[0]!r} stands there twice")
    return names


ViewName = Annotated[str, AfterValidator(_check_view)]
Views = Annotated[tuple[ViewName, ...], AfterValidator(_check_once), Field(min_length=1)]


class Infer(Settings):
    use: Literal["folds", "refit", "both"] = "folds"
    """Which cells answer the test images."""
    batch_size: Count = 128


class Ensemble(Settings):
    method: Literal["mean", "weighted", "geometric", "median", "rank", "soft_vote", "hard_vote"] = (
        "mean"
    )
    members: tuple[str, ...] | None = None
    """All when not given."""
    weights: dict[str, Annotated[float, Field(ge=0.0)]] | None = None
    """Of members, for weighted."""
    threshold: Fraction | Literal["oof"] = 0.5
    """Of a score; oof: chosen there, kept if it helps."""


class Transfer(Settings):
    """Another experiment's weights scored on this contest."""

    source: Word | None = None
    """The experiment's name."""
