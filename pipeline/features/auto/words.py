"""What auto says: a line a try, and at the end what it found and what it does not know."""

from collections.abc import Iterator, Sequence

from pipeline.console.installation import COMMAND
from pipeline.features.auto.judge import Score
from pipeline.features.auto.record import Record, Try
from pipeline.labels.units import Unit
from pipeline.metrics.paired import Difference

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


def describe_end(
    record: Record,
    *,
    nested: Score,
    over_constant: Difference,
    unit: Unit,
) -> Iterator[str]:
    """The end in sentences: the score, what it is worth, and whether more hours would pay."""
    kept, tries = record.kept, len(record.tries)
    yield f"tried {tries}, kept {len(kept)}: {', '.join(kept)}; {record.ended}"
    if record.num_answers > 1:
        yield (
            f"the score shown is that of the first of {record.num_answers} answers; what a "
            "candidate adds is the mean over all of them, as a share of the score before"
        )
    last = [one for one in record.tries if one.score is not None][-1]
    yield (
        f"{record.metric} out of fold {last.score:.4g} (95 % {last.low:.4g}..{last.high:.4g}); "
        f"with the choice repeated without the fold that is scored {nested.value:.4g} "
        f"({nested.low:.4g}..{nested.high:.4g}): believe this one"
    )
    if over_constant.low <= 0:
        yield (
            "nothing here can be told from chance: the best constant answer is as good within the "
            f"interval ({over_constant.value:.4g}, {over_constant.low:.4g}.."
            f"{over_constant.high:.4g}); look at the labels ({COMMAND} explore, audit)"
        )
        return
    yield _say_more_hours(record.tries, unit=unit)


def _say_more_hours(tries: Sequence[Try], *, unit: Unit) -> str:
    """Whether more hours would pay, from the gains of the last tries."""
    judged = [one for one in tries[1:] if one.gain is not None]
    last = judged[-LAST_TRIES:]
    sure = [one.name for one in last if one.gain_low is not None and one.gain_low > 0]
    if not judged:
        return "only the baseline was tried: more hours would show what training adds"
    if sure:
        return f"{sure[-1]} still added something beyond the interval: more hours may pay"
    return (
        f"none of the last {len(last)} tries added anything beyond the interval: more hours of "
        f"the same kind will hardly pay; other candidates, more {unit} or cleaner labels may"
    )
