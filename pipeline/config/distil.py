"""A member that learns what other members answer, in place of the labels: a student."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from pipeline.config.contest import Competition
from pipeline.config.pseudo import is_given
from pipeline.config.values import Settings, nearest

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
        if len(set(teachers)) < len(teachers):
            yield f"{spot}.by: the same member twice in {list(teachers)}"
        for teacher in teachers:
            if teacher not in members:
                hint, known = nearest(teacher, members), ", ".join(members)
                yield f"{spot}.by: no member {teacher!r}{hint} there are {known}"
            elif members[teacher].is_taught:
                yield f"{spot}.by: {teacher} is taught by others itself; name who teaches it"
        heads = {task for each in teachers if each in members for task in members[each].tasks}
        for task, head in member.tasks.items():
            if head.span is not None:
                yield f"{spot}: {task} is taught as probabilities of classes, so without span"
            elif heads and not is_given(task, heads, contest=contest):
                yield f"{spot}.by: none of {', '.join(teachers)} predicts {task}"
