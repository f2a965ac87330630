"""What the sections of a report share: the held-out images, and the ensemble's answers to each
question about them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.evaluation.baseline_gain import AgainstBaseline, compare_with_baseline
from pipeline.evaluation.candidate_predictions import answers_of
from pipeline.evaluation.candidates import Candidate
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.cells import used_members
from pipeline.experiment.grouping import Grouping, read_grouping
from pipeline.experiment.predictions import read_oof
from pipeline.leaderboard.written_values import written_by
from pipeline.metrics.disagreements import losses
from pipeline.metrics.metrics import Metric
from pipeline.metrics.paired import short_number
from pipeline.metrics.reliability import Rate
from pipeline.metrics.score_rows import EvaluationTarget
from pipeline.storage import Runs, read_table
from pipeline.tables import SCORES, check_table


@dataclass(frozen=True)
class TargetResult:
    """One target with the ensemble's out-of-fold predictions: `probs` are probabilities or values
    (N, C), `decided` is what is answered (N,): codes of classes, or numbers; of several labels 0
    and 1 (N, C), as the truth is."""

    title: str
    kind: str
    classes: list[str]
    target: EvaluationTarget
    probs: np.ndarray
    decided: np.ndarray

    @property
    def truth(self) -> np.ndarray:
        """The labels (N,)."""
        return self.target.truth

    @property
    def metric(self) -> Metric:
        """The metric that judges it."""
        return self.target.metric

    @property
    def errors(self) -> np.ndarray:
        """(N,) the distance from the truth of a number; 1 for a wrong answer, else 0; of several
        labels the share of them that is answered wrong."""
        return losses(self.kind, self.truth, self.decided)

    @property
    def error_name(self) -> str:
        """What an error of one image is called, over several images."""
        if self.kind == "multilabel":
            return "share of labels answered wrong"
        return "mean absolute error" if self.kind == "regression" else "share answered wrong"

    def word(self, value: float | np.ndarray) -> str:
        """An answer or a truth in words; of several labels (C,) those that are true."""
        if self.kind == "multilabel":
            assert isinstance(value, np.ndarray), "of several labels there are several values"
            words = [word for word, yes in zip(self.classes, value, strict=True) if yes > 0.5]
            return ", ".join(words) or "none of them"
        return self.classes[int(value)] if self.classes else short_number(float(value), digits=4)

    def say_error(self, value: float) -> str:
        """Such an error as it is shown: a number in the units of the task, or per cent."""
        return short_number(value) if self.kind == "regression" else f"{100 * value:.1f} %"


@dataclass(frozen=True)
class ReportContext:
    """What a report is made of; `judged` has the contest's answers first, then the single tasks."""

    settings: Experiment
    runs: Runs
    evaluation: EvaluationSet
    scores: pd.DataFrame
    judged: list[TargetResult]
    grouping: Grouping  # who is told apart: no text speaks of people where nobody is named
    baseline: AgainstBaseline

    @property
    def name(self) -> str:
        """The experiment's name."""
        return self.settings.name

    @property
    def as_typed(self) -> str:
        """What a command that is shown says behind its stage, to mean this experiment."""
        return self.settings.as_typed

    @property
    def answers(self) -> list[TargetResult]:
        """The contest's answers: what is handed in and scored."""
        return self.judged[: len(self.evaluation.spaces)]

    @property
    def counted(self) -> str:
        """The held-out images in words: `420 images of 60 people`."""
        counts = self.evaluation.split.counts
        per = self.evaluation.split.per
        return self.grouping.count(counts["num_images"], counts["num_people"], per=per)

    @property
    def people(self) -> np.ndarray:
        """Whose images (N,) they are: the person ids of the held-out images."""
        return self.evaluation.split.person_ids

    @property
    def num_draws(self) -> int:
        """How many draws of people make an interval."""
        return self.settings.bootstrap


def gather_context(settings: Experiment, runs: Runs) -> ReportContext:
    """Reads all of it from stored tables; predictions of the images as they are, without TTA."""
    members = used_members(settings)
    split = read_oof(settings, runs, members[0])
    evaluation = EvaluationSet(settings, runs, held_out=set(split["image_id"]), per_answer=True)
    candidate = Candidate(
        name=settings.name,
        kind="ensemble",
        settings=settings,
        runs=runs,
        members=tuple(members),
    )
    given = answers_of(candidate, evaluation, with_views=False, writer_of=written_by)
    known = {s.name: (s.kind, s.classes, evaluation.of_space(s)) for s in evaluation.spaces}
    for task in evaluation.tasks:
        if task.name in given and task.name not in known:
            target = evaluation.of_task(task, task.metric)
            known[task.name] = (task.kind, list(task.classes), target)
    judged = [
        TargetResult(
            _title(evaluation, name), kind, classes, target, given[name].probs, given[name].decided
        )
        for name, (kind, classes, target) in known.items()
    ]
    scores = check_table(read_table(runs.scores), SCORES)
    for column in ("value", "low", "high", "constant", "gain", "gain_low", "gain_high"):
        if column in scores.columns:
            scores[column] = pd.to_numeric(scores[column], errors="coerce")
        else:
            scores[column] = np.nan
    scores["fold"] = scores["fold"].astype(str)
    baseline = compare_with_baseline(settings, runs, evaluation, writer_of=written_by)
    grouping = read_grouping(runs)
    return ReportContext(settings, runs, evaluation, scores, judged, grouping, baseline)


def _title(evaluation: EvaluationSet, name: str) -> str:
    """The name to show: the task's own where the answer is a single task."""
    space = next((s for s in evaluation.spaces if s.name == name), None)
    return space.tasks[0].name if space is not None and not space.is_product else name


def say_rate(judged: TargetResult, rate: Rate) -> str:
    """A rate with its interval and what it stands on: 12.3 % (10.1–14.5), n 512."""
    ends = ""
    if np.isfinite(rate.low):
        low, high = judged.say_error(rate.low).removesuffix(" %"), judged.say_error(rate.high)
        ends = f" ({low}–{high.removesuffix(' %')})"
    return f"{judged.say_error(rate.value)}{ends}, n {rate.num_images:,}"


def pool_labels(judged: TargetResult, people: np.ndarray) -> tuple[TargetResult, np.ndarray]:
    """Of several labels every known one as a yes or no of its own, and whose (N * C,) each is;
    another target and its people (N,) as they are."""
    if judged.kind != "multilabel":
        return judged, people
    known = ~np.isnan(judged.truth)
    target = replace(judged.target, truth=judged.truth[known], constant=None)
    pooled = TargetResult(
        title=judged.title,
        kind="binary",
        classes=["no", "yes"],
        target=target,
        probs=judged.probs[known][:, None],
        decided=judged.decided[known],
    )
    owners = np.broadcast_to(np.asarray(people)[:, None], known.shape)
    return pooled, owners[known]
