"""Predictions that know nothing of the labels score at chance, in every metric, whatever is fitted.

Chance is the mean score of the same nested answers when people's labels are dealt out again.
"""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.config.stack import Stack
from pipeline.ensembling.predictions import HeadKey, Predictions
from pipeline.features.stack.layers import Layers
from pipeline.labels.tasks import Task
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.bootstrap import drawn_values, percentiles
from pipeline.metrics.layer_search import NestedScorer, search_layers
from pipeline.metrics.metrics import FAMILY_EXAMPLES, METRICS, find_metric
from pipeline.metrics.nested_cv import LayerPipeline
from pipeline.metrics.score_rows import EvaluationSplit, EvaluationTarget

NUM_PEOPLE, IMAGES = 120, 2
PEOPLE = np.repeat(np.arange(NUM_PEOPLE), IMAGES)
FOLDS = PEOPLE % 3
CASES = [(name, kind) for name in (*METRICS, *FAMILY_EXAMPLES) for kind in find_metric(name).kinds]


def contest(kind: str, metric: str, rng: np.random.Generator) -> tuple[Task, np.ndarray, list]:
    """A task, random labels of people, and three members' predictions (1, N, C)."""
    size = (3, len(PEOPLE))
    if kind == "multiclass":
        task = Task("t", kind, "t", classes=("a", "b", "c", "d"), metric=metric)
        labels = rng.choice(4, p=[0.4, 0.3, 0.2, 0.1], size=NUM_PEOPLE)[PEOPLE]
        return task, labels, list(rng.dirichlet(np.ones(4), size=size)[:, None])
    if kind == "binary":
        task = Task("t", kind, "t", classes=("no", "yes"), metric=metric)
        labels = (rng.random(NUM_PEOPLE) < 0.4).astype(np.float64)[PEOPLE]
        return task, labels, list(rng.random(size)[:, None, :, None])
    if kind == "multilabel":
        task = Task("t", kind, "t", classes=("a", "b", "c"), metric=metric)
        labels = (rng.random((NUM_PEOPLE, 3)) < [0.5, 0.4, 0.2]).astype(np.float64)[PEOPLE]
        return task, labels, list(rng.random((*size, 3))[:, None])
    low_numbers = "kappa" in metric
    task = Task("t", kind, "t", low=0.0, high=99.0, metric=metric)
    labels = rng.integers(0, 5 if low_numbers else 60, size=NUM_PEOPLE).astype(np.float64)[PEOPLE]
    values = rng.normal(labels.mean(), labels.std() / 2, size=size).clip(0, 99)
    return task, labels, list(values[:, None, :, None])


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_random_labels_score_at_chance(name: str, kind: str) -> None:
    rng = np.random.default_rng(4)
    task, labels, probs = contest(kind, name, rng)
    metric = find_metric(name)
    group = (rng.random(NUM_PEOPLE) < 0.5).astype(float)[PEOPLE] if metric.needs_group else None
    split = EvaluationSplit(FOLDS, PEOPLE.astype(str), num_draws=100, test_share=0.5)
    target = EvaluationTarget("t", name, metric, labels, group=group)
    space = AnswerSpace("t", (task,), name)
    start = Predictions(
        heads=tuple(HeadKey(member, "t") for member in "abc"),
        probs=tuple(probs),
        tasks=("t",),
        sizes=(task.num_columns,),
        rows=np.arange(len(PEOPLE)),
    )
    evaluation = SimpleNamespace(split=split, of_space=lambda space: target)
    stack = Stack(
        layers=("members", "decision"), methods=("caruana", "geometric"), rounds=5, bags=0
    )

    def answer(state: Predictions | np.ndarray) -> np.ndarray:
        return state if isinstance(state, np.ndarray) else space.scored(state.joint())

    scorer = NestedScorer(target, answer, split=split)
    pipeline = LayerPipeline.start(start, folds=FOLDS, person_ids=split.person_ids)
    slots = Layers(stack, evaluation, space, start).by_slot()
    kept, steps = search_layers(pipeline, slots, scorer=scorer, rule="point")  # keeps what it can
    assert ("decision" in slots) == (metric.looks_at == "decision" and not metric.order_only)
    for found in (pipeline, kept):
        answers = scorer.nested(found)
        drawn = drawn_values(
            metric, labels, [answers], person_ids=PEOPLE, group=group, num_draws=1000, seed=1
        )
        low, high = percentiles(drawn[0], level=0.998)  # of 100 cases none may fall out by chance
        by_chance = []
        for _ in range(50):
            dealt = labels[::IMAGES][rng.permutation(NUM_PEOPLE)][PEOPLE]
            by_chance.append(metric.compute(dealt, answers, group))
        assert low <= np.nanmean(by_chance) <= high
    assert all(np.isfinite(step.nested) for step in steps)
