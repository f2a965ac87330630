"""The rows of the scores table: a metric on each fold, their mean and spread, and OOF. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pipeline.labels.tasks import is_labelled
from pipeline.labels.units import Unit
from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.metric import share
from pipeline.metrics.metrics import Metric, class_f1
from pipeline.metrics.paired import (
    Difference,
    corrected_t_test,
    fold_differences,
    paired_difference,
)

# beside the columns of tables.SCORES: the value of the best answer that is the same for every
# image, and how much better the answer is (above 0: better), with its interval over people
CONSTANT = ("constant", "gain", "gain_low", "gain_high")
EACH_WITH_EACH = 4  # of more the pairs would be too many to read: 28 of eight
_NONE = dict.fromkeys(("low", "high", *CONSTANT), float("nan"))


@dataclass(frozen=True)
class EvaluationSplit:
    """The images that answers are judged on: fold (N,) and person (N,) of each."""

    folds: np.ndarray
    person_ids: np.ndarray
    num_draws: int
    test_share: float  # held-out images over training images of a fold
    unit: Unit = "people"  # what a person id stands for: people only where they are named
    per: str = ""  # what a row is answered for, where it is not an image: an album, a video

    @property
    def counts(self) -> dict[str, int]:
        """How many images are held out, and of how many people."""
        return {"num_images": len(self.folds), "num_people": len(set(self.person_ids))}


@dataclass(frozen=True)
class EvaluationTarget:
    """What is asked of every answer: the truth (N,), the metric, and what needs no image."""

    task: str
    metric_name: str
    metric: Metric
    truth: np.ndarray
    constant: np.ndarray | None = None  # the answer of all images that is best where all have it
    group: np.ndarray | None = None


def metric_rows(
    source: str,
    target: EvaluationTarget,
    answer: np.ndarray,
    *,
    split: EvaluationSplit,
    gains: bool = False,
) -> list[dict]:
    """A row a fold, `mean`, `sd` and `all` (with interval); `gains` compares to the constant.

    Images and people are counted where the truth has a label.
    """
    metric, truth, group = target.metric, target.truth, target.group
    start = {"source": source, "task": target.task, "metric": target.metric_name, **_NONE}
    rows: list[dict] = []
    values: list[float] = []
    labelled = is_labelled(np.asarray(truth))
    for fold in np.unique(split.folds):
        here = labelled & (split.folds == fold)
        people = len(set(split.person_ids[here]))
        value = metric.compute(truth[here], answer[here], None if group is None else group[here])
        counts = {"num_images": int(here.sum()), "num_people": people}
        rows.append({**start, "fold": str(fold), "value": value, **counts})
        values.append(value)
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    low, high = person_interval(
        metric,
        truth,
        answer,
        person_ids=split.person_ids,
        group=group,
        num_draws=split.num_draws,
    )
    whole = {**start, "value": metric.compute(truth, answer, group), "low": low, "high": high}
    if target.constant is not None and not metric.one_sided:
        whole["constant"] = metric.compute(truth, target.constant, group)
        if gains:
            gain = gain_of(target, target.constant, answer, split=split)
            whole |= {"gain": gain.value, "gain_low": gain.low, "gain_high": gain.high}
    people = len(set(split.person_ids[labelled]))
    counts = {"num_images": int(labelled.sum()), "num_people": people}
    return [
        *rows,
        {**start, "fold": "mean", "value": float(np.mean(values)), **counts},
        {**start, "fold": "sd", "value": spread, **counts},
        {**whole, "fold": "all", **counts},
    ]


def class_rows(
    source: str, task: str, classes: Sequence[str], truth: np.ndarray, answer: np.ndarray
) -> list[dict]:
    """F1 of each class as a row `f1:<class>`, with the number of images that are of it."""
    known = is_labelled(truth)
    truth, answer = truth[known], answer[known]
    values = class_f1(truth, answer, num_classes=len(classes))
    known = truth[is_labelled(np.asarray(truth))]
    counts = np.bincount(np.asarray(known, dtype=np.int64), minlength=len(classes))
    start = {"source": source, "task": task, "fold": "all", **_NONE}
    return [
        {**start, "metric": f"f1:{word}", "value": value, "num_images": count, "num_people": 0}
        for word, value, count in zip(classes, values.tolist(), counts.tolist(), strict=True)
    ]


def label_rows(
    source: str, task: str, labels: Sequence[str], truth: np.ndarray, answer: np.ndarray
) -> list[dict]:
    """F1 of each of several labels as a row `f1:<label>`, of truth and answer (N, C), with the
    number of images that have the label; NaN for a label that is neither true nor answered."""
    is_true, is_answered = truth > 0.5, (np.asarray(answer) > 0.5) & ~np.isnan(truth)
    num_true, num_answered = is_true.sum(axis=0), is_answered.sum(axis=0)
    hits = (is_true & is_answered).sum(axis=0)
    values = share(2.0 * hits, num_true + num_answered)
    start = {"source": source, "task": task, "fold": "all", **_NONE}
    return [
        {**start, "metric": f"f1:{word}", "value": value, "num_images": count, "num_people": 0}
        for word, value, count in zip(labels, values.tolist(), num_true.tolist(), strict=True)
    ]


def choose_pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs to compare: up to EACH_WITH_EACH names each with each, more with the first only."""
    if len(names) <= EACH_WITH_EACH:
        return list(combinations(names, 2))
    return [(names[0], other) for other in names[1:]]


def compare_rows(
    target: EvaluationTarget,
    answers: dict[str, np.ndarray],
    pairs: Sequence[tuple[str, str]],
    *,
    split: EvaluationSplit,
) -> list[dict]:
    """A row for each pair of names (first, second): how much better the second is, its interval
    over people, and t and p over folds (Nadeau and Bengio 2003)."""
    rows = []
    for first, second in pairs:
        one, other = answers[first], answers[second]
        difference = gain_of(target, one, other, split=split)
        by_fold = fold_differences(
            target.metric,
            target.truth,
            one,
            other,
            folds=split.folds,
            group=target.group,
        )
        t, p = corrected_t_test(by_fold, test_share=split.test_share)
        named = {"task": target.task, "metric": target.metric_name}
        values = {"difference": difference.value, "low": difference.low, "high": difference.high}
        rows.append({**named, "first": first, "second": second, **values, "t": t, "p": p})
    return rows


def gain_of(
    target: EvaluationTarget, first: np.ndarray, second: np.ndarray, *, split: EvaluationSplit
) -> Difference:
    """How much better the second answers are than the first, drawing the held-out people."""
    return paired_difference(
        target.metric,
        target.truth,
        first,
        second,
        person_ids=split.person_ids,
        group=target.group,
        num_draws=split.num_draws,
    )
