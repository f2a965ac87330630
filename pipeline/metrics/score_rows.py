"""The rows of the scores table: a metric on each fold, their mean and spread, and OOF. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.metrics import Metric, class_f1
from pipeline.metrics.paired import (
    Difference,
    corrected_t_test,
    fold_differences,
    paired_difference,
)

# beside the columns of tables.SCORES: the value of the best constant answer on the same pictures,
# and how much better the answer is (above 0: better), with its interval over people
CONSTANT = ("constant", "gain", "gain_low", "gain_high")
_NONE = dict.fromkeys(("low", "high", *CONSTANT), float("nan"))


@dataclass(frozen=True)
class Held:
    """The pictures that answers are judged on: fold (N,) and person (N,) of each."""

    folds: np.ndarray
    person_ids: np.ndarray
    num_draws: int
    test_share: float  # held-out pictures over training pictures of a fold

    @property
    def counts(self) -> dict[str, int]:
        return {"num_images": len(self.folds), "num_people": len(set(self.person_ids))}


@dataclass(frozen=True)
class Question:
    """What is asked of every answer: the truth (N,), the metric, and what needs no picture."""

    task: str
    metric_name: str
    metric: Metric
    truth: np.ndarray
    constant: np.ndarray | None = None  # (N,) the best constant answers, of the other folds
    group: np.ndarray | None = None


def metric_rows(
    source: str, question: Question, answer: np.ndarray, *, held: Held, gains: bool = False
) -> list[dict]:
    """A row a fold, `mean`, `sd` and `all` (with interval); `gains` compares to the constant."""
    metric, truth, group = question.metric, question.truth, question.group
    start = {"source": source, "task": question.task, "metric": question.metric_name, **_NONE}
    rows = []
    for fold in np.unique(held.folds):
        here = held.folds == fold
        people = len(set(held.person_ids[here]))
        value = metric.compute(truth[here], answer[here], None if group is None else group[here])
        counts = {"num_images": int(here.sum()), "num_people": people}
        rows.append({**start, "fold": str(fold), "value": value, **counts})
    values = [row["value"] for row in rows]
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    low, high = person_interval(
        metric,
        truth,
        answer,
        person_ids=held.person_ids,
        group=group,
        num_draws=held.num_draws,
    )
    whole = {**start, "value": metric.compute(truth, answer, group), "low": low, "high": high}
    if question.constant is not None and not metric.one_sided:
        whole["constant"] = metric.compute(truth, question.constant, group)
        if gains:
            gain = gain_of(question, question.constant, answer, held=held)
            whole |= {"gain": gain.value, "gain_low": gain.low, "gain_high": gain.high}
    return [
        *rows,
        {**start, "fold": "mean", "value": float(np.mean(values)), **held.counts},
        {**start, "fold": "sd", "value": spread, **held.counts},
        {**whole, "fold": "all", **held.counts},
    ]


def class_rows(
    source: str, task: str, classes: Sequence[str], truth: np.ndarray, answer: np.ndarray
) -> list[dict]:
    """F1 of each class as a row `f1:<class>`, with the number of pictures that are of it."""
    values = class_f1(truth, answer, num_classes=len(classes))
    counts = np.bincount(np.asarray(truth, dtype=np.int64), minlength=len(classes))
    start = {"source": source, "task": task, "fold": "all", **_NONE}
    return [
        {**start, "metric": f"f1:{word}", "value": value, "num_images": count, "num_people": 0}
        for word, value, count in zip(classes, values.tolist(), counts.tolist(), strict=True)
    ]


def compare_rows(
    question: Question, answers: dict[str, np.ndarray], pairs: Sequence, *, held: Held
) -> list[dict]:
    """A row for each pair of names (first, second): how much better the second is, its interval
    over people, and t and p over folds (Nadeau and Bengio 2003)."""
    rows = []
    for first, second in pairs:
        one, other = answers[first], answers[second]
        difference = gain_of(question, one, other, held=held)
        by_fold = fold_differences(
            question.metric,
            question.truth,
            one,
            other,
            folds=held.folds,
            group=question.group,
        )
        t, p = corrected_t_test(by_fold, test_share=held.test_share)
        named = {"task": question.task, "metric": question.metric_name}
        values = {"difference": difference.value, "low": difference.low, "high": difference.high}
        rows.append({**named, "first": first, "second": second, **values, "t": t, "p": p})
    return rows


def gain_of(question: Question, first: np.ndarray, second: np.ndarray, *, held: Held) -> Difference:
    """How much better the second answers (N,) to a question are, drawing its held-out people."""
    return paired_difference(
        question.metric,
        question.truth,
        first,
        second,
        person_ids=held.person_ids,
        group=question.group,
        num_draws=held.num_draws,
    )
