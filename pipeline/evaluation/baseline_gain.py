"""What training adds to the baseline, on the same held-out people: for report and evaluate."""

import math
from dataclasses import dataclass, field

from pipeline.config import Experiment
from pipeline.evaluation.as_written import WriterOf
from pipeline.evaluation.candidate_predictions import answers_of
from pipeline.evaluation.candidates import held_out_images, trained_settings, whole_experiment
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.baseline import baseline_name, needs_training
from pipeline.metrics.paired import Difference, show_number
from pipeline.metrics.same_split import find_difference
from pipeline.metrics.score_rows import gain_of
from pipeline.storage import Runs

WHAT = "a ridge on a frozen network"


@dataclass(frozen=True)
class BaselineGain:
    """How much better an answer of the experiment is than the same answer of its baseline."""

    baseline: float  # the baseline's score
    difference: Difference  # above 0: training is worth it

    def say(self) -> str:
        """The difference in a sentence; "" where the metric is undefined."""
        if not math.isfinite(self.difference.value):
            return ""
        found, baseline = self.difference, show_number(self.baseline)
        ends = f"95 % {show_number(found.low)} to {show_number(found.high)}"
        size = show_number(abs(found.value))
        if found.low > 0:
            return f"Training adds {size} to the baseline, {WHAT} ({baseline}; {ends})."
        if found.high < 0:
            return f"That is {size} WORSE than the baseline, {WHAT} ({baseline}; {ends})."
        direction = "better" if found.value > 0 else "worse"
        return (
            f"What training adds can't be told from nothing: the baseline, {WHAT}, scores "
            f"{baseline}, so this is {size} {direction} ({ends})."
        )


@dataclass(frozen=True)
class AgainstBaseline:
    """An experiment beside its baseline."""

    gains: dict[str, BaselineGain] = field(default_factory=dict)  # by answer; none before it ran
    reason: str = ""  # why it was run and still can't be compared

    def lines(self, stage: str) -> list[str]:
        """What is to say of it, a line an answer, behind the stage's name."""
        if self.reason:
            return [f"{stage}: no word on the baseline: {self.reason}"]
        return [f"{stage}: {answer}: {gain.say()}" for answer, gain in self.gains.items()]


def compare_with_baseline(
    settings: Experiment, runs: Runs, evaluation: EvaluationSet, *, writer_of: WriterOf
) -> AgainstBaseline:
    """What each answer of a trained experiment gains over NAME-baseline, with its interval over
    people; both as `writer_of` their experiment writes them.

    With views where infer has answered both with them, else on the images as they are."""
    name = baseline_name(settings.name)
    others = trained_settings(settings, runs, name) if needs_training(settings) else None
    if others is None:
        return AgainstBaseline()
    trained = whole_experiment(settings)
    try:
        baseline = whole_experiment(others)
    except ValueError as error:  # it was begun and not finished, or its data has gone
        return AgainstBaseline(reason=str(error).removeprefix("compare: "))
    names = (name, settings.name)
    differs = find_difference(held_out_images(baseline), held_out_images(trained), names=names)
    if differs:
        return AgainstBaseline(reason=f"{name} was not judged on the same folds: {differs}")
    with_views = baseline.can_show_views and trained.can_show_views
    first = answers_of(baseline, evaluation, with_views=with_views, writer_of=writer_of)
    second = answers_of(trained, evaluation, with_views=with_views, writer_of=writer_of)
    gains = {}
    for space in evaluation.spaces:
        if space.name in first and space.name in second:
            target = evaluation.of_space(space)
            one, other = first[space.name].seen, second[space.name].seen
            score = target.metric.compute(target.truth, one, target.group)
            difference = gain_of(target, one, other, split=evaluation.split)
            gains[space.name] = BaselineGain(score, difference)
    return AgainstBaseline(gains)
