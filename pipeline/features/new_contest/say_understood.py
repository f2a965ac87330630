"""What `new` prints: about ten lines on what was understood, and what was not."""

from collections.abc import Iterator

from pipeline.features.new_contest.face_look import Sizes
from pipeline.features.new_contest.fit_hours import Made
from pipeline.features.new_contest.understand import Understood

MOST_DOUBTS = 6
MOST_CLASSES = 8


def say_understood(found: Understood, made: Made, sizes: Sizes, *, hours: float) -> Iterator[str]:
    """The lines. What was not counted, because the contest can't be read yet, is left out."""
    contest = made.checked.settings.competition
    if found.shipped is not None:
        yield f"new: this is {found.shipped.title}: {found.shipped.why}; its own recipe is used"
    elif found.draft is not None:
        for line in found.draft.understood:
            yield f"new: {line}"
    size = "in videos" if found.survey.shows_videos else f"shorter side {_say_sizes(sizes)}"
    if made.checked.problem:
        yield f"new: images: {size}"
    else:
        train, test = made.checked.num_train, made.checked.num_test
        yield f"new: {train:,} train images with labels, {test:,} test, {size}"
    drafted = [] if found.draft is None else found.draft.tasks
    guessed = {task.name for task in drafted if not task.metric.is_sure}
    for name, task in contest.tasks.items():
        classes = list(task.classes or ())
        words = ""
        if classes:
            shown = ", ".join(classes[:MOST_CLASSES]) + (", …" if classes[MOST_CLASSES:] else "")
            words = f" ({shown})"
        elif task.low is not None and task.high is not None:
            words = f" ({task.low:g} to {task.high:g})"
        scored = f"scored by {task.metric_name}"
        if name in guessed:
            scored += f" (a guess, which competition.tasks.{name}.metric changes)"
        yield f"new: task {name}: {task.kind}{words}, {scored}"
    if made.crop is not None:
        yield f"new: faces: {made.crop.why}"
    if made.minutes is not None:
        yield f"new: training: {_say_minutes(made, hours)}"
    doubts = [] if found.draft is None else found.draft.doubts
    said = [*found.notes, *doubts]  # the doubts stand in the config too
    most = max(MOST_DOUBTS, len(found.notes))
    for line in said[:most]:
        yield f"new: not sure: {line}"
    if said[most:]:
        yield f"new: not sure: {len(said) - most} more, said at the top of the config"


def _say_minutes(made: Made, hours: float) -> str:
    """How long the whole job takes here, what was made smaller for it, and what else helps."""
    minutes = made.minutes or 0.0
    lasting = f"about {minutes:.0f} minutes" if minutes >= 1.5 else "a minute or two"
    said = f"{lasting} on this machine"
    if made.size is not None and made.size.why:
        said += f": {made.size.why}"
    if minutes > 60.0 * hours:
        said += f", more than hours={hours:g}; folds.train=[0] trains one fold only"
    return said


def _say_sizes(sizes: Sizes) -> str:
    if not sizes.largest:
        return "in a column of pixels"
    if sizes.smallest == sizes.largest:
        return f"{sizes.median} pixels"
    return f"{sizes.smallest} to {sizes.largest} pixels"
