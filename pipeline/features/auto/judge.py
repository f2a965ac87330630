"""Whether a candidate adds to the ensemble: out of fold, paired on the same people.

The choice is made on all folds, so its score flatters a little; `judge_choice` repeats the choice
without the fold that is scored and says what is left of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.evaluation.answer_rows import judge_answers
from pipeline.evaluation.decisions import decide_space
from pipeline.experiment.blend import blend_spaces
from pipeline.experiment.predictions import read_oof
from pipeline.labels.tasks import is_labelled
from pipeline.leaderboard.written_values import written_by
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.chance import chance_of
from pipeline.metrics.paired import Difference
from pipeline.metrics.score_rows import EvaluationTarget, gain_of
from pipeline.storage import Runs

CHANCE_DRAWS = 400  # enough to tell 0.025 from less, and quick for a metric in Python
Seen = list[np.ndarray]  # of each answer space, what its metric looks at


@dataclass(frozen=True)
class Score:
    """The contest's metric with its 95 % interval over people."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class ChoiceWorth:
    """What a choice is worth on images that it did not look at."""

    score: Score
    over_constant: Difference  # than the best answer that is the same for every image
    chance: float  # how often the answers score as well when they are dealt out to other people


class Judge:
    """Scores blends of an experiment's members on the images that its trained folds held out, each
    as its answer file would hold it."""

    def __init__(
        self, settings: Experiment, runs: Runs, *, tables: Mapping[str, pd.DataFrame] | None = None
    ) -> None:
        """Without `tables` the members' stored predictions out of fold."""
        self._settings = settings
        if tables is None:
            tables = {name: read_oof(settings, runs, name) for name in settings.members}
        judged = judge_answers(settings, runs, tables)  # a row an answer, as evaluate has them
        self._tables = judged.tables
        self._evaluation = judged.evaluation
        self._spaces = self._evaluation.spaces
        self._targets = [self._evaluation.of_space(space) for space in self._spaces]
        self._write = written_by(settings, runs, self._evaluation)
        self._blends: dict[tuple[str, ...], Seen] = {}

    def score(self, members: Sequence[str]) -> Score:
        """The ensemble's score; of several answers the first one's."""
        target, seen = self._targets[0], self._answers(members)[0]
        return self._score(target, seen)

    def is_flawless(self, members: Sequence[str]) -> bool:
        """Whether every answer is the truth: then no candidate can be seen to be better."""
        return all(
            np.array_equal(seen[is_labelled(target.truth)], target.truth[is_labelled(target.truth)])
            for target, seen in zip(self._targets, self._answers(members), strict=True)
        )

    def gain(self, before: Sequence[str], after: Sequence[str]) -> Difference:
        """How much better `after` answers than `before` (above 0: better), with its interval; of
        several answers the mean of the relative gains."""
        firsts, seconds = self._answers(before), self._answers(after)
        return self._mean_gain(firsts, seconds)

    def gain_over_constant(self, members: Sequence[str]) -> Difference:
        """How much better than the best answers that are the same for every image."""
        return self._over_constant(self._answers(members))

    def judge_choice(self, order: Sequence[str]) -> ChoiceWorth:
        """`order` is tried once more for each fold, on the other folds, and what is kept there
        answers the fold. The first one is always kept."""
        folds = self._evaluation.split.folds
        whole = [np.array(seen) for seen in self._answers(order[:1])]
        for fold in np.unique(folds):
            kept = self._chosen(order, folds != fold)
            for answers, found in zip(whole, self._answers(kept), strict=True):
                answers[folds == fold] = found[folds == fold]
        return ChoiceWorth(
            score=self._score(self._targets[0], whole[0]),
            over_constant=self._over_constant(whole),
            chance=self._chance(whole),
        )

    def _over_constant(self, answers: Sequence[np.ndarray]) -> Difference:
        constants = []
        for target in self._targets:
            assert target.constant is not None, "every target has one"
            constants.append(target.constant)
        return self._mean_gain(constants, answers)

    def _chance(self, answers: Sequence[np.ndarray]) -> float:
        """Of the answer that knows most, times the number of answers, as Bonferroni corrects it."""
        split = self._evaluation.split
        found = [
            chance_of(
                target.metric,
                target.truth,
                seen,
                person_ids=split.person_ids,
                group=target.group,
                num_draws=min(split.num_draws, CHANCE_DRAWS),
            )
            for target, seen in zip(self._targets, answers, strict=True)
        ]
        return min(1.0, len(found) * min(found))

    def _chosen(self, order: Sequence[str], rows: np.ndarray) -> list[str]:
        """What is kept of the order when only these rows (N,) are looked at."""
        kept = list(order[:1])
        for name in order[1:]:
            firsts, seconds = self._answers(kept), self._answers([*kept, name])
            gains = [
                _relative(target, first, second, rows)
                for target, first, second in zip(self._targets, firsts, seconds, strict=True)
            ]
            if np.mean(gains) > 0:
                kept.append(name)
        return kept

    def _answers(self, members: Sequence[str]) -> Seen:
        key = tuple(members)
        if key not in self._blends:
            blended = blend_spaces(
                self._tables,
                image_ids=self._evaluation.images["image_id"],
                part="oof",
                settings=self._settings,
                members=members,
            )
            self._blends[key] = [self._scored(space, blended[space.name]) for space in self._spaces]
        return self._blends[key]

    def _scored(self, space: AnswerSpace, joint: np.ndarray) -> np.ndarray:
        several = len(np.unique(self._evaluation.split.folds)) > 1
        wanted = self._settings.ensemble.threshold
        if wanted == 0.5 or not several:
            return self._write(space, joint, space.decide(joint))
        decision = decide_space(self._evaluation, space, joint, wanted=wanted)
        return self._write(space, joint, decision.oof_answers)

    def _score(self, target: EvaluationTarget, seen: np.ndarray) -> Score:
        split = self._evaluation.split
        low, high = person_interval(
            target.metric,
            target.truth,
            seen,
            person_ids=split.person_ids,
            group=target.group,
            num_draws=split.num_draws,
        )
        return Score(target.metric.compute(target.truth, seen, target.group), low, high)

    def _mean_gain(self, firsts: Sequence[np.ndarray], seconds: Sequence[np.ndarray]) -> Difference:
        gains = []
        for target, first, second in zip(self._targets, firsts, seconds, strict=True):
            gain = gain_of(target, first, second, split=self._evaluation.split)
            scale = 1.0 if len(self._targets) == 1 else _scale(target, first)
            gains.append([gain.value / scale, gain.low / scale, gain.high / scale])
        value, low, high = np.mean(gains, axis=0).tolist()
        return Difference(value, low, high)


def _relative(
    target: EvaluationTarget, first: np.ndarray, second: np.ndarray, rows: np.ndarray
) -> float:
    """How much better the second is on these rows, as a part of the first one's score."""
    group = None if target.group is None else target.group[rows]
    values = [
        target.metric.compute(target.truth[rows], seen[rows], group) for seen in (first, second)
    ]
    better = values[1] - values[0] if target.metric.higher_is_better else values[0] - values[1]
    return better / max(abs(values[0]), 1e-12)


def _scale(target: EvaluationTarget, seen: np.ndarray) -> float:
    return max(abs(target.metric.compute(target.truth, seen, target.group)), 1e-12)
