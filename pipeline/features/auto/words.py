"""What auto says: a line a try, and at the end what it found and what it does not know."""

from collections.abc import Iterator, Mapping, Sequence

from pipeline.console.installation import COMMAND
from pipeline.features.auto.judge import ChoiceWorth
from pipeline.features.auto.record import FLAWLESS, Record, Try
from pipeline.labels.units import Unit

LUCK = 0.025  # answers that are as good when dealt out to others so often may be lucky
LATE = 1.05  # of the hours given: what is more is said
LAST_TRIES = 3  # so many tries in vain, and more of the same kind will hardly help


def describe_try(one: Try, *, metric: str) -> str:
    """One line: what was tried, what it added, what was decided, what it took."""
    words = [f"{one.name} {one.decision}: {one.why}"]
    if one.gain is not None:
        words.append(f"adds {one.gain:.4g} ({one.gain_low:.4g}..{one.gain_high:.4g})")
    if one.score is not None:
        words.append(f"{metric} {one.score:.4g} ({one.low:.4g}..{one.high:.4g})")
    if one.planned:
        words.append(f"{one.seconds / 60:.1f} min, planned {one.planned / 60:.1f}")
    else:
        words.append(f"{one.seconds / 60:.1f} min")
    return ", ".join(words)


def describe_time(record: Record, *, used: float, given: float) -> str:
    """How the seconds that were used compare with those that were given, in words."""
    said = f"took {used / 60:.1f} of {given / 60:.1f} minutes"
    if used <= LATE * given:
        return said
    if len(record.tries) == 1:
        return f"{said}: the baseline, without which there is no answer, and its scores need more"
    return f"{said}: the end took longer than was kept for it"


def describe_end(record: Record, *, worth: ChoiceWorth, unit: Unit, config: str) -> Iterator[str]:
    """The end in sentences: the score, what it is worth, and whether more hours would pay. `config`
    is what a command says to mean what was kept."""
    kept, tries = record.kept, len(record.tries)
    yield f"tried {tries}, kept {len(kept)}: {', '.join(kept)}; {record.ended}"
    if record.num_answers > 1:
        yield (
            f"the score shown is that of the first of {record.num_answers} answers; what a "
            "candidate adds is the mean over all of them, as a share of the score before"
        )
    last = [one for one in record.tries if one.score is not None][-1]
    again = worth.score
    yield (
        f"{record.metric} out of fold {last.score:.4g} (95 % {last.low:.4g}..{last.high:.4g}); "
        f"with the choice repeated without the fold that is scored {again.value:.4g} "
        f"({again.low:.4g}..{again.high:.4g}): believe this one{_say_not_repeated(record)}"
    )
    look = f"look at the labels ({COMMAND} explore audit {config})"
    if worth.chance > LUCK:
        yield (
            "nothing here can be told from chance: dealt out to other "
            f"{unit} the same answers are as good {worth.chance:.0%} of the time; {look}"
        )
        return
    over = worth.over_constant
    if over.low <= 0:
        yield (
            "the answers know something, but the best answer that is the same for every "
            f"image is as good within the interval "
            f"({over.value:.4g}, {over.low:.4g}..{over.high:.4g}); {look}"
        )
        return
    if record.ended == FLAWLESS:
        yield f"more hours change nothing here; more {unit} with labels would tell candidates apart"
        return
    yield _say_more_hours(record.tries, unit=unit)


def _say_not_repeated(record: Record) -> str:
    """What the repeated choice leaves out: who was dropped early has answers of some folds only."""
    early = [one for one in record.tries if one.decision == "dropped" and one.score is None]
    if not early:
        return ""
    names = ", ".join(one.name for one in early)
    return f" (it may flatter a little: it can't choose {names} again, dropped on some folds)"


def _say_more_hours(tries: Sequence[Try], *, unit: Unit) -> str:
    """Whether more hours would pay, from the gains of the last tries."""
    judged = [one for one in tries[1:] if one.gain is not None]
    last = judged[-LAST_TRIES:]
    sure = [one.name for one in last if one.gain_low is not None and one.gain_low > 0]
    if not judged:
        return "only the baseline could be judged: more hours would show what training adds"
    if sure:
        return f"{sure[-1]} still added something beyond the interval: more hours may pay"
    return (
        f"none of the last {len(last)} tries added anything beyond the interval: more hours of "
        f"the same kind will hardly pay; other candidates, more {unit} or cleaner labels may"
    )


def describe_curve(curve: Mapping, *, metric: str, unit: Unit) -> str:
    """A learning curve as a sentence: whether more people would help."""
    points = [f"{one['score']:.4g} with {one['num_people']}" for one in curve["points"]]
    low, high = curve["doubled_low"], curve["doubled_high"]
    gain = f"{curve['doubled']:.4g} ({low:.4g}..{high:.4g})"
    said = f"the baseline's {metric} by the {unit} that teach it: {', '.join(points)}"
    if low > 0:
        return f"{said}; twice the {unit} add {gain}: more {unit} would help"
    if high < 0:
        return f"{said}; twice the {unit} add {gain}: they differ, look at the labels"
    return f"{said}; twice the {unit} add {gain}, nothing beyond the interval"
