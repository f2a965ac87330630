"""Ways to combine many heads into one: fixed formulas, selected weights, stackers. Pure.

Heads of single tasks are combined task by task first, and then with the heads of the whole answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.ensembling.blending import geometric_mean, median_probs, rank_mean
from pipeline.ensembling.caruana import Score, select_members
from pipeline.ensembling.predictions import WHOLE, Predictions
from pipeline.ensembling.product import join_answers
from pipeline.ensembling.stacker import LabelStacker, Stacker, fit_label_stacker, fit_stacker
from pipeline.labels.answers import combine_probs, marginal_probs
from pipeline.labels.tasks import is_labelled


def combine_by_formula(
    predictions: Predictions,
    *,
    method: str,
    kind: str,
    references: Sequence[np.ndarray] | None = None,
) -> Predictions:
    """`geometric`, `median`, or `rank` among the references; whole answers join as in a mean."""

    def blend(task: str) -> np.ndarray | None:
        votes = predictions.of_task(task)
        weights = predictions.weights_of(task)
        if not len(votes):
            return None
        if method == "rank":
            return rank_mean(list(votes), references=references, weights=weights)
        if method == "median":
            return median_probs(list(votes), kind=kind)
        return geometric_mean(list(votes), weights=weights, kind=kind)

    if not predictions.is_product:
        only = blend(predictions.tasks[0])
        assert only is not None  # every head is of the one task
        return predictions.combined(only)
    singles = [blend(task) for task in predictions.tasks]
    return predictions.combined(join_answers(blend(WHOLE), singles, sizes=predictions.sizes))


@dataclass(frozen=True)
class Weights:
    """By task, the weights of its heads; `whole`: of the product, then of each whole head."""

    by_task: dict[str, np.ndarray]
    whole: np.ndarray | None = None


def select_weights(
    predictions: Predictions,
    truths: Mapping[str, np.ndarray],
    *,
    scores: Mapping[str, Score],
    groups: Sequence,
    num_rounds: int,
    num_bags: int,
    seed: int,
) -> Weights:
    """Caruana's weights of the heads of each task by that task's score, then of the product and
    the heads of the whole answer by that of `answer`. Images without a label do not count."""

    def select(task: str, candidates: np.ndarray) -> np.ndarray:
        known = is_labelled(truths[task])
        return select_members(
            candidates[:, known],
            truths[task][known],
            score=scores[task],
            groups=np.asarray(groups)[known],
            num_rounds=num_rounds,
            num_bags=num_bags,
            seed=seed,
        )

    by_task = {}
    for task in predictions.tasks:
        votes = predictions.of_task(task)
        if len(votes):
            by_task[task] = select(task, votes)
    if not len(predictions.of_task(WHOLE)):
        return Weights(by_task)
    candidates = _whole_candidates(predictions, by_task)
    return Weights(by_task, select(WHOLE, candidates))


def combine_by_weights(predictions: Predictions, weights: Weights) -> Predictions:
    """One head in place of all: their mean by the weights that Caruana's selection fitted."""
    if weights.whole is not None:
        candidates = _whole_candidates(predictions, weights.by_task)
        return predictions.combined(np.tensordot(weights.whole, candidates, axes=1))
    singles = [single for single in _weighted(predictions, weights.by_task) if single is not None]
    assert len(singles) == len(predictions.tasks)  # without whole heads each task has its own
    return predictions.combined(combine_probs(singles))


def _weighted(
    predictions: Predictions, by_task: Mapping[str, np.ndarray]
) -> list[np.ndarray | None]:
    """Each task's weighted mean (N, C); None for a task without heads of its own."""
    return [
        np.tensordot(by_task[task], predictions.of_task(task), axes=1) if task in by_task else None
        for task in predictions.tasks
    ]


def _whole_candidates(predictions: Predictions, by_task: Mapping[str, np.ndarray]) -> np.ndarray:
    """(M, N, product): the product of the tasks, where any has heads, then the whole heads."""
    whole = predictions.of_task(WHOLE)
    singles = _weighted(predictions, by_task)
    if not by_task:
        return whole
    product = join_answers(
        predictions.blend(WHOLE), singles, sizes=predictions.sizes, weights=(0.0, 1.0)
    )
    return np.concatenate([product[None], whole])


def fit_stackers(
    predictions: Predictions,
    truths: Mapping[str, np.ndarray],
    *,
    kinds: Mapping[str, str],
    folds: np.ndarray,
    penalties: Sequence[float],
) -> dict[str, Stacker | LabelStacker]:
    """A stacker a task, of its heads and the whole heads' marginals."""
    stackers = {}
    for task in predictions.tasks:
        known = is_labelled(truths[task])
        fit = fit_label_stacker if kinds[task] == "multilabel" else fit_stacker
        stackers[task] = fit(
            _stacked(predictions, task)[:, known],
            truths[task][known],
            kind=kinds[task],
            folds=folds[known],
            penalties=penalties,
        )
    return stackers


def combine_by_stackers(
    predictions: Predictions, stackers: Mapping[str, Stacker | LabelStacker]
) -> Predictions:
    """One head in place of all: what each task's fitted linear stacker makes of them."""
    found = [stackers[task].predict(_stacked(predictions, task)) for task in predictions.tasks]
    return predictions.combined(combine_probs(found))


def _stacked(predictions: Predictions, task: str) -> np.ndarray:
    """(M, N, C): the task's heads, then the whole heads' marginals of it."""
    place = predictions.tasks.index(task)
    sizes = predictions.sizes
    wholes: Iterable[np.ndarray] = ()
    if predictions.is_product:
        wholes = predictions.of_task(WHOLE)
    marginals = [marginal_probs(whole, sizes=sizes, task=place) for whole in wholes]
    return np.array([*predictions.of_task(task), *marginals])
