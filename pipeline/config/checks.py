"""Settings of members that contradict each other, as sentences: teachers, losses, heads."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite

from pipeline.config.competition import Competition
from pipeline.config.member import Head, Member
from pipeline.config.member_parts import Pseudo
from pipeline.config.task import Task
from pipeline.config.types import check_name, nearest
from pipeline.labels.kinds import (
    BATCH_LOSSES,
    COLUMN_A_CLASS,
    GROUP_LOSSES,
    HEAD_FORMS,
    LOSS_KINDS,
    SPAN_LOSSES,
)

FITTED = "head: ridge, logistic or kernel_ridge"
WHOLE = "answer"  # a head for the contest's whole answer


def teacher_problems(
    spot: str,
    teachers: Sequence[str],
    tasks: Sequence[str],
    *,
    contest: Competition,
    members: Mapping[str, Member],
) -> Iterator[str]:
    """A sentence for whatever keeps members from teaching these tasks; `spot` names the student."""
    student = spot.split(".")[1]
    if len(set(teachers)) < len(teachers):
        yield f"{spot}.by: the same member twice in {list(teachers)}"
    for teacher in teachers:
        if teacher not in members:
            hint = nearest(teacher, members)
            known = ", ".join(members)
            yield f"{spot}.by: no member {teacher!r}{hint} there are {known}"
        elif student in _all_teachers(teacher, members):
            yield f"{spot}.by: {teacher} learns from {student} itself, by way of others or directly"
    found = [teacher for teacher in teachers if teacher in members]
    heads = {task for teacher in found for task in members[teacher].tasks}
    for task in tasks:
        if heads and not _is_given(task, heads, contest=contest):
            yield f"{spot}.by: none of {', '.join(teachers)} predicts {task}"
    if WHOLE in tasks and WHOLE in heads:
        for teacher in found:
            if WHOLE not in members[teacher].tasks:
                yield f"{spot}.by: {teacher} has no head {WHOLE!r} as others have: leave it out"


def _all_teachers(name: str, members: Mapping[str, Member]) -> set[str]:
    """A member, and all that it learns from, directly or by way of others."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        if one in members and one not in found:
            found.add(one)
            waiting += members[one].teachers
    return found


def _is_given(task: str, heads: set[str], *, contest: Competition) -> bool:
    """Whether members with these heads predict the task, by itself or by way of the answer."""
    parts = set(contest.answer.tasks) if contest.answer.is_product else set()
    return task in heads or (task in parts and WHOLE in heads) or (task == WHOLE and parts <= heads)


def distil_problems(
    contest: Competition, members: Mapping[str, Member], *, has_all_folds: bool
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


def pseudo_problems(
    contest: Competition, members: Mapping[str, Member], *, people_by: str
) -> Iterator[str]:
    """A sentence for whatever keeps a member from being given pseudo-labels."""
    for name, member in members.items():
        if member.pseudo is None:
            continue
        if people_by in members:  # some of its networks learnt from whom others held out
            yield f"pool.by: {name} learns from pseudo-labels, so people are told apart by crops"
        spot, sources = f"members.{name}.pseudo", member.pseudo.by
        if not contest.has_test:
            yield f"{spot}: {contest.name} has no test images to learn from"
        if member.sampler == "balanced":
            yield f"{spot}: needs sampler: shuffled; balanced goes by true labels"
        taught = []
        for task, head in member.tasks.items():
            kind = contest.learnable[task].kind if task in contest.learnable else None
            if head.span is not None:
                yield f"{spot}: {task} is learnt as a number, and its teachers say classes"
            elif kind == "regression":
                taught.append(task)
                yield from _spread_problems(spot, task, head, member.pseudo, members=members)
            elif kind == "multilabel":
                yield f"{spot}: {task} has several labels, so no likeliest one; distil: works"
            elif kind is not None:
                taught.append(task)
        yield from teacher_problems(spot, sources, taught, contest=contest, members=members)


def _spread_problems(
    spot: str, task: str, head: Head, pseudo: Pseudo, *, members: Mapping[str, Member]
) -> Iterator[str]:
    """A sentence for whatever keeps a number from being taught by pseudo-labels."""
    if pseudo.spread is None:
        yield (
            f"{spot}.spread: {task} is a number; say how far its teachers may differ, in its unit, "
            "as in spread: 3"
        )
    if sum(len(members[name].seeds) for name in pseudo.by if name in members) < 2:
        yield (
            f"{spot}.by: one network agrees with itself; {task} is a number and needs two teachers "
            "or a teacher with two seeds"
        )
    for loss in head.losses_for("regression"):
        if loss in GROUP_LOSSES:
            yield f"{spot}: {loss} needs the group of every image, which a test image has not"


def soup_problems(members: Mapping[str, Member], *, num_folds: int) -> Iterator[str]:
    """A sentence for whatever keeps a member from being the average of another's seeds."""
    for name, member in members.items():
        if member.soup is None:
            continue
        spot, source = f"members.{name}.soup", members.get(member.soup)
        if source is None:
            hint, known = nearest(member.soup, members), ", ".join(members)
            yield f"{spot}: no member {member.soup!r}{hint} there are {known}"
        elif source.head is not None or source.soup is not None:
            yield f"{spot}: {member.soup} is not trained by steps, so its seeds have no average"
        elif len(source.seeds) < 2:
            yield f"{spot}: {member.soup} has one seed; give it seeds: [777, 778, 779]"
        elif not source.same_start:
            yield (
                f"{spot}: weights can be averaged only where all seeds start alike; set "
                f"members.{member.soup}.same_start: true"
            )
        elif num_folds < 2:
            yield (
                f"{spot}: which seeds are averaged the other folds of the same split say, so "
                "folds.train needs two of a split"
            )


def fitted_head_problems(name: str, member: Member, tasks: Mapping[str, Task]) -> Iterator[str]:
    """A sentence for whatever a member with `head: ridge` and its like can't do."""
    if member.head is None:
        if member.layers is not None:
            yield f"members.{name}.layers: goes with {FITTED}; heads that are trained see the last"
        return
    if member.pseudo is not None or member.distil is not None:
        key = next(key for key in ("soup", "distil", "pseudo") if getattr(member, key) is not None)
        yield f"members.{name}.{key}: learning from others is for heads that are trained"
    for task, head in member.tasks.items():
        spot = f"members.{name}.tasks.{task}"
        kind = tasks[task].kind if task in tasks else "multiclass"
        for loss in head.losses_for(kind):
            if loss in HEAD_FORMS:  # its output is not the class scores or the number itself
                yield f"{spot}.loss: {loss} is for heads that are trained; leave it out"
        if head.span is not None:
            yield f"{spot}.span: is for heads that are trained; leave it out"
        if member.head == "logistic" and kind == "regression":
            yield f"{spot}: logistic answers no number; head: ridge or kernel_ridge does"


def head_problems(spot: str, task: Task, head: Head) -> Iterator[str]:
    """A sentence for whatever keeps a head from learning its task."""
    yield from _edge_problems(spot, task, head)
    yield from _class_weight_problems(spot, task, head)
    losses = list(head.losses_for(task.kind))
    unknown = list(_name_problems(spot, task, losses))
    yield from unknown
    if unknown:
        return  # what follows asks what the losses need
    yield from _form_problems(spot, task, losses)
    if any(name in SPAN_LOSSES for name in losses):
        yield from _range_problems(spot, task, head, losses)
    elif head.bins is not None:
        yield f"{spot}.bins: only for the losses {', '.join(SPAN_LOSSES)}"
    if head.span is not None:
        yield from _span_problems(spot, task, head, losses)
    for name in losses:
        if name in GROUP_LOSSES and task.group is None:
            yield f"{spot}.loss: {name} needs the task's `group:`, the column it splits at 0.5"
    if head.bin_weights is not None:
        yield from _bin_weight_problems(spot, task, losses)


def _edge_problems(spot: str, task: Task, head: Head) -> Iterator[str]:
    if head.band is not None and task.edges is None:
        yield f"{spot}.band: only a task with edges can share labels near an edge"
    if head.edges is None:
        return
    num_edges = 0 if task.edges is None else len(task.edges)
    if task.edges is None or len(head.edges) != num_edges:
        yield f"{spot}.edges: the task has {num_edges} edges, so training needs as many"
    if list(head.edges) != sorted(set(head.edges)):
        yield f"{spot}.edges: must rise, found {list(head.edges)}"


def _class_weight_problems(spot: str, task: Task, head: Head) -> Iterator[str]:
    if isinstance(head.class_weights, tuple) and len(head.class_weights) != task.num_classes:
        yield f"{spot}.class_weights: {len(head.class_weights)} for {task.num_classes} classes"
    if head.class_weights != "none" and task.kind not in COLUMN_A_CLASS:
        yield f"{spot}.class_weights: only for a task of kind multiclass or multilabel"


def _name_problems(spot: str, task: Task, losses: Sequence[str]) -> Iterator[str]:
    """A sentence when no loss is named, or the first one that does not serve the task's kind."""
    if not losses:
        yield f"{spot}.loss: a mixture needs at least one `name: weight`"
    for name in losses:
        try:
            check_name(name, LOSS_KINDS, kind=task.kind, what="loss")
        except ValueError as error:
            yield f"{spot}.loss: {error}"
            return


def _form_problems(spot: str, task: Task, losses: Sequence[str]) -> Iterator[str]:
    """A mixture has one head, so its losses must have one form."""
    forms = {name: HEAD_FORMS.get(name, task.kind) for name in losses}
    if len(set(forms.values())) > 1:
        words = ", ".join(f"{name} ({form})" for name, form in forms.items())
        yield f"{spot}.loss: a mixture has one head, but these need unlike ones: {words}"


def _range_problems(spot: str, task: Task, head: Head, losses: Sequence[str]) -> Iterator[str]:
    """The first thing that is missing of the range that ordinal and distribution losses cut."""
    names = ", ".join(losses)
    low: float | None
    high: float | None
    edges: tuple[float, ...] = ()
    if task.kind == "multiclass":
        if task.edges is None:
            yield f"{spot}.loss: {names} needs a number, or classes cut at `edges`"
            return
        if head.span is None:
            yield f"{spot}.span: {names} needs the range of the number, as in [0, 100]"
            return
        low, high = head.span
        edges = task.edges
    else:
        low, high = task.low, task.high
    if low is None or high is None or low >= high:
        yield f"{spot}.loss: {names} needs the task's low and high"
    elif task.kind == "multiclass" and not low < min(edges) <= max(edges) < high:
        yield f"{spot}.span: {low:g}..{high:g} must hold the edges {list(edges)}"
    elif head.bins is None and (not isfinite(high - low) or (high - low) % 1 != 0):
        yield f"{spot}.bins: {low:g}..{high:g} are no whole steps; say how many values"


def _span_problems(spot: str, task: Task, head: Head, losses: Sequence[str]) -> Iterator[str]:
    if task.kind != "multiclass" or not set(losses) & set(SPAN_LOSSES):
        allowed = ", ".join(SPAN_LOSSES)
        yield f"{spot}.span: only for a task of kind multiclass with one of the losses {allowed}"
    if head.band is not None:
        yield f"{spot}.band: of no use beside span, which learns the number itself"
    if head.edges is not None:
        yield f"{spot}.edges: of no use beside span, which learns the number itself"
    if head.class_weights != "none":
        yield f"{spot}.class_weights: of no use beside span, which learns the number itself"


def _bin_weight_problems(spot: str, task: Task, losses: Sequence[str]) -> Iterator[str]:
    if task.kind != "regression":
        yield f"{spot}.bin_weights: only for a task of kind regression"
    elif set(losses) <= set(BATCH_LOSSES):
        names = ", ".join(losses)
        yield f"{spot}.bin_weights: {names} judges a batch, so no sample has a weight"
