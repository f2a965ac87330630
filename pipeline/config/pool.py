"""Whose images are pooled where nobody says who is in them."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.types import Fraction, Settings, nearest


class Pool(Settings):
    """How images are found to be of one person, so that what is constant is answered once."""

    use: Literal["auto", "on", "off"] = "auto"
    """Auto: where clusters are as pure as min_purity."""
    by: str = "crops"
    """The crops' upper halves, or a member: what its network sees in an image."""
    threshold: Literal["auto"] | Fraction = "auto"
    """Mean similarity within a cluster; auto: fitted on train people: the most pairs found at
    min_purity."""
    min_purity: Annotated[float, Field(gt=0.5, le=1.0)] = 0.98
    """Of images that share a cluster."""
    size: Annotated[int, Field(ge=2)] | None = None
    """Images a person has at most, where known."""


def pool_problems(pool: Pool, members: Iterable[str]) -> Iterator[str]:
    """A sentence for a `by` that is no member."""
    known = ("crops", *members)
    if pool.by not in known:
        yield f"pool.by: found {pool.by!r}{nearest(pool.by, known)} allowed: {', '.join(known)}"
