"""A member that also learns from test pictures, with the labels that other members gave them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from pipeline.config.contest import Competition
from pipeline.config.teaching import teacher_problems
from pipeline.config.values import Fraction, Settings

if TYPE_CHECKING:
    from pipeline.config.recipe import Member


class Pseudo(Settings):
    """Confident predictions on test pictures, learnt as if they were labels.

    A cell that holds out a fold takes them from cells that held out the same fold.
    """

    by: tuple[str, ...] = Field(min_length=1)  # the members whose mean prediction is the label
    confidence: Fraction = 0.9  # the least probability of the likeliest class, in every task
    share: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0  # of the pictures that seem to be of one
    # class, the most confident ones
    labels: Literal["hard", "soft"] = "hard"  # the likeliest class, or the probabilities


def pseudo_problems(
    contest: Competition, members: Mapping[str, "Member"], *, people_by: str
) -> Iterator[str]:
    """A sentence for whatever keeps a member from being given pseudo-labels."""
    for name, member in members.items():
        if member.pseudo is None:
            continue
        if people_by in members:  # some of its networks learnt from whom others held out
            yield f"pool.by: {name} learns from pseudo-labels, so people are told apart by crops"
        spot, sources = f"members.{name}.pseudo", member.pseudo.by
        if not contest.has_test:
            yield f"{spot}: {contest.name} has no test pictures to learn from"
        if member.sampler == "balanced":
            yield f"{spot}: needs sampler: shuffled; balanced goes by true labels"
        taught = []
        for task, head in member.tasks.items():
            kind = contest.learnable[task].kind if task in contest.learnable else None
            if kind == "number" or head.span is not None:
                yield f"{spot}: {task} is learnt as a number, which has no confidence"
            elif kind is not None:
                taught.append(task)
        yield from teacher_problems(spot, sources, taught, contest=contest, members=members)
