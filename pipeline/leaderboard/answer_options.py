"""What a contest asks of the numbers in its file: bounds, sum 1, decimals."""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.config.competition import Submission
from pipeline.leaderboard.answer_format import AnswerFormat


def with_options(one: AnswerFormat, options: Submission) -> AnswerFormat:
    """An answer's format with the bounds and decimals that are asked for; classes have none."""
    if one.value in ("index", "label"):
        return one
    is_rows = one.value == "probability" and one.space.kind == "multiclass"
    return replace(
        one,
        clip=options.clip,
        normalise=options.normalise and is_rows,
        decimals=options.round,
    )


def check_options(formats: Sequence[AnswerFormat], options: Submission) -> None:
    """Raises ValueError for an option that no answer of the file can have."""
    numeric = [one for one in formats if one.value not in ("index", "label")]
    asked = [key for key in ("clip", "round") if getattr(options, key) is not None]
    if asked and not numeric:
        raise ValueError(
            f"submission.{asked[0]}: the file holds classes ({formats[0].value}), no numbers or "
            "probabilities"
        )
    if options.normalise and not any(one.normalise for one in formats):
        raise ValueError(
            "submission.normalise: only rows of a probability for each class have a sum to be 1"
        )
    if options.clip is None:
        return
    if not options.clip[0] < options.clip[1]:
        raise ValueError(f"submission.clip: the lower bound comes first, found {options.clip}")
    for one in numeric:
        task = one.space.tasks[0]
        low, high = (0.0, 1.0) if one.value == "probability" else (task.low, task.high)
        if options.clip[0] > high or options.clip[1] < low:
            raise ValueError(
                f"submission.clip: {options.clip[0]:g}..{options.clip[1]:g} lies outside of "
                f"{low:g}..{high:g}, where {one.space.name} can be"
            )
