"""How trained members answer: views, blends, another contest's weights."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.values import Count, Fraction, Settings, Word

ViewName = Annotated[
    str, Field(pattern=r"^(identity|(flip_)?(rotate_-?[0-9.]+|scale_[0-9.]+)|flip)$")
]


class Infer(Settings):
    use: Literal["folds", "refit", "both"] = "folds"  # which cells answer the test pictures
    views: tuple[ViewName, ...] = Field(("identity",), min_length=1)  # averaged in probability
    batch_size: Count = 128


class Ensemble(Settings):
    method: Literal["mean", "weighted", "soft_vote", "hard_vote"] = "mean"
    members: tuple[str, ...] | None = None  # all when not given
    weights: dict[str, Annotated[float, Field(ge=0.0)]] | None = None  # of members, for weighted
    threshold: Fraction | Literal["oof"] = 0.5  # of a score; oof: chosen there, kept if it helps


class Transfer(Settings):
    """Another experiment's weights scored on this contest."""

    source: Word | None = None  # the experiment's name
