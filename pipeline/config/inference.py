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
        raise ValueError(f"names {twice[0]!r} twice")
    return names


ViewName = Annotated[str, AfterValidator(_check_view)]
Views = Annotated[tuple[ViewName, ...], AfterValidator(_check_once), Field(min_length=1)]


class Infer(Settings):
    """How test images are predicted."""

    use: Literal["folds", "refit", "both"] = "folds"
    """Says which networks answer the test images: those of the `folds`, the `refit` that learnt
    from everybody, or `both`. The last two need `refit: true` in the members."""
    batch_size: Count = 128
    """Sets how many images are predicted at once. It is halved when a device's memory is full."""


class Ensemble(Settings):
    """How the members' predictions become one."""

    method: Literal["mean", "weighted", "geometric", "median", "rank", "soft_vote", "hard_vote"] = (
        "mean"
    )
    """Says how members are blended. `mean`: every member counts the same; `weighted`: by `weights`;
    `soft_vote`: every network counts the same; `hard_vote`: every network names one class;
    `geometric`, `median` and `rank` take that mean of the members."""
    members: tuple[str, ...] | None = None
    """Names the members that answer. Null takes all that learn from true labels; members with
    `pseudo` or `distil` answer only when they are named here."""
    weights: dict[str, Annotated[float, Field(ge=0.0)]] | None = None
    """Gives each member its weight for `method: weighted`, as member: number. A member that is not
    named has weight 0."""
    threshold: Fraction | Literal["oof"] = 0.5
    """A task of kind binary is answered yes from this score on. `oof` chooses the threshold on
    out-of-fold predictions and keeps it only when it helps."""


class Transfer(Settings):
    """Another experiment's weights scored on this contest."""

    source: Word | None = None
    """Names the experiment whose weights `./run.sh transfer` scores on this contest."""
