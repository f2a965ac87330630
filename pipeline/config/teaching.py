"""What is asked of members that teach another one, by pseudo-labels or as a student."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.config.contest import Competition
from pipeline.config.values import nearest

if TYPE_CHECKING:
    from pipeline.config.recipe import Member

WHOLE = "answer"  # a head for the contest's whole answer


def teacher_problems(
    spot: str,
    teachers: Sequence[str],
    tasks: Sequence[str],
    *,
    contest: Competition,
    members: Mapping[str, "Member"],
) -> Iterator[str]:
    """A sentence for whatever keeps members from teaching these tasks."""
    if len(set(teachers)) < len(teachers):
        yield f"{spot}.by: the same member twice in {list(teachers)}"
    for teacher in teachers:
        if teacher not in members:
            hint, known = nearest(teacher, members), ", ".join(members)
            yield f"{spot}.by: no member {teacher!r}{hint} there are {known}"
        elif members[teacher].is_taught:
            yield f"{spot}.by: {teacher} is taught by others itself; name who teaches it"
    known = [teacher for teacher in teachers if teacher in members]
    heads = {task for teacher in known for task in members[teacher].tasks}
    for task in tasks:
        if heads and not _is_given(task, heads, contest=contest):
            yield f"{spot}.by: none of {', '.join(teachers)} predicts {task}"
    if WHOLE in tasks and WHOLE in heads:
        for teacher in known:
            if WHOLE not in members[teacher].tasks:
                yield f"{spot}.by: {teacher} has no head {WHOLE!r} as others have: leave it out"


def _is_given(task: str, heads: set[str], *, contest: Competition) -> bool:
    """Whether members with these heads predict the task, by itself or by way of the answer."""
    parts = set(contest.answer.tasks) if contest.answer.is_product else set()
    return task in heads or (task in parts and WHOLE in heads) or (task == WHOLE and parts <= heads)
