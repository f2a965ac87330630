"""Whose images are pooled where nobody says who is in them."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.types import Fraction, Settings, nearest


class Pool(Settings):
    """How images are found to be of one person, so that what is constant is answered once."""

    use: Literal["auto", "on", "off"] = "auto"
    """Says whether test images of one person are answered together. `auto` does so where the
    clusters are as pure as `min_purity`."""
    by: str = "crops"
    """Says what similarity is measured on: the upper halves of the `crops`, or what the network of
    a member, given by name, sees."""
    threshold: Literal["auto"] | Fraction = "auto"
    """Images share a cluster from this mean similarity on. `auto` fits it on train people: the most
    pairs found at `min_purity`."""
    min_purity: Annotated[float, Field(gt=0.5, le=1.0)] = 0.98
    """Says how pure clusters must be: of the images that share a cluster, the share that belongs to
    the cluster's main person. It is measured on held-out train people."""
    size: Annotated[int, Field(ge=2)] | None = None
    """Limits the images of one person, where the contest says how many there are. Null sets no
    limit."""


def pool_problems(pool: Pool, members: Iterable[str]) -> Iterator[str]:
    """A sentence for a `by` that is no member."""
    known = ("crops", *members)
    if pool.by not in known:
        yield f"pool.by: found {pool.by!r}{nearest(pool.by, known)} allowed: {', '.join(known)}"
