"""A member that learns what other members answer, in place of the labels: a student."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from pipeline.config.contest import Competition
from pipeline.config.teaching import teacher_problems
from pipeline.config.values import Settings

if TYPE_CHECKING:
    from pipeline.config.recipe import Member


class Distil(Settings):
    """Answers of other members on the training pictures, learnt as soft targets.

    A cell that holds out a fold takes them from cells that held out the same fold; the one that
    learns from everybody takes out-of-fold answers.
    """

    by: tuple[str, ...] = Field(min_length=1)  # the members whose mean answer is the target
    share: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0  # of that answer; the rest is the label


def distil_problems(
    contest: Competition, members: Mapping[str, "Member"], *, has_all_folds: bool
) -> Iterator[str]:
    """A sentence for whatever keeps a member from being taught."""
    for name, member in members.items():
        if member.distil is None:
            continue
        spot, teachers = f"members.{name}.distil", member.distil.by
        if member.pseudo is not None:
            yield f"{spot}: goes without pseudo; make it two members"
        if member.refit and not has_all_folds:
            yield f"{spot}: a refit is told what every fold answers, so no folds.train"
        for task, head in member.tasks.items():
            if head.span is not None:
                yield f"{spot}: {task} is taught as probabilities of classes, so without span"
        tasks = [task for task, head in member.tasks.items() if head.span is None]
        yield from teacher_problems(spot, teachers, tasks, contest=contest, members=members)
