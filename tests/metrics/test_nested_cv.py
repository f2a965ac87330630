"""Nested answers cannot know what they are asked: layers that cheat, and layers of pure noise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ensembling.caruana import select_members
from pipeline.metrics.layer_search import NestedScorer, mean_difference, search_layers
from pipeline.metrics.logit_adjustment import decide_with, fit_offsets
from pipeline.metrics.metrics import METRICS
from pipeline.metrics.nested_cv import Layer, LayerPipeline, naive_answers, nested_answers
from pipeline.metrics.score_rows import EvaluationSplit, EvaluationTarget

NUM, FOLDS = 400, 5
PEOPLE = np.array([f"p{i // 4}" for i in range(NUM)])
FOLD = (np.arange(NUM) // 4) % FOLDS


def split() -> EvaluationSplit:
    return EvaluationSplit(folds=FOLD, person_ids=PEOPLE, num_draws=200, test_share=0.25)


def target(truth: np.ndarray, name: str = "macro_f1") -> EvaluationTarget:
    return EvaluationTarget(task="x", metric_name=name, metric=METRICS[name], truth=truth)


def start(state: np.ndarray) -> LayerPipeline:
    return LayerPipeline.start(state, folds=FOLD, person_ids=PEOPLE)


def test_a_layer_gets_the_rows_of_other_people_only() -> None:
    seen = {}

    def fit(state: np.ndarray, rows: np.ndarray) -> int:
        assert (state == rows).all()  # the rows, and nothing of the others
        seen[len(seen)] = rows
        return len(seen) - 1

    start(np.arange(NUM)).fit_layer(Layer("spy", fit, lambda fitted, state: state))
    for fold in range(FOLDS):
        held_people = set(PEOPLE[fold == FOLD])
        assert not held_people & set(PEOPLE[seen[fold]])
        assert set(PEOPLE[seen[fold]]) == set(PEOPLE) - held_people
    assert len(seen[FOLDS]) == NUM  # everybody, for the submission


def test_somebody_in_two_folds_teaches_neither() -> None:
    people = PEOPLE.copy()
    people[0] = people[-1]  # of folds 0 and 4
    pipeline = LayerPipeline.start(np.arange(NUM), folds=FOLD, person_ids=people)
    for fold in (0, 4):
        assert 0 not in pipeline.training_rows(fold)
        assert NUM - 1 not in pipeline.training_rows(fold)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_layer_that_learns_the_answers_by_heart_gains_nothing_nested(seed: int) -> None:
    truth = np.random.default_rng(seed).integers(3, size=NUM)

    def fit(state: np.ndarray, rows: np.ndarray) -> dict[int, int]:
        return dict(zip(state[:, 1].astype(int).tolist(), truth[rows].tolist(), strict=True))

    def apply(known: dict[int, int], state: np.ndarray) -> np.ndarray:
        answers = [known.get(int(row), 0) for row in state[:, 1]]
        return np.column_stack([answers, state[:, 1]])

    fitted_layer = start(np.column_stack([np.zeros(NUM), np.arange(NUM)])).fit_layer(
        Layer("by heart", fit, apply)
    )
    answer = lambda state: state[:, 0].astype(int)  # noqa: E731
    assert (naive_answers(fitted_layer, answer) == truth).all()
    assert (nested_answers(fitted_layer, answer, folds=FOLD) == 0).all()


def test_noise_members_gain_naively_and_not_nested() -> None:
    """Twenty members that know nothing, selected and given offsets on OOF: on the people that they
    were chosen on they seem to gain, on others they do not. The mean over 12 populations."""
    naive, nested, kept = [], [], 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        truth = np.repeat(rng.integers(4, size=NUM // 4), 4)
        members = rng.dirichlet(np.ones(4), size=(NUM, 20))  # rows first: (N, M, C)

        def select(state: np.ndarray, rows: np.ndarray, truth=truth) -> np.ndarray:
            given = {"score": "macro_f1", "num_rounds": 15}
            return select_members(state.transpose(1, 0, 2), truth[rows], **given)

        def weigh(weights: np.ndarray, state: np.ndarray) -> np.ndarray:
            return np.tensordot(state, weights, axes=(1, 0))[:, None]

        def fit(state: np.ndarray, rows: np.ndarray, truth=truth) -> np.ndarray:
            return fit_offsets(state.mean(axis=1), truth[rows], metric=METRICS["macro_f1"])

        def decide(offsets: np.ndarray, state: np.ndarray) -> np.ndarray:
            return np.eye(4)[decide_with(state.mean(axis=1), offsets)][:, None]

        slots = {"members": [Layer("m", select, weigh)], "decision": [Layer("d", fit, decide)]}
        scorer = NestedScorer(target(truth), lambda s: s.mean(axis=1).argmax(axis=1), split=split())
        _, steps = search_layers(start(members), slots, scorer=scorer, rule="interval")
        naive += [step.naive - step.before for step in steps]
        nested += [step.gain.value for step in steps]
        kept += sum(step.kept for step in steps)
    assert np.mean(naive) > 0.04
    assert abs(np.mean(nested)) < 0.015
    assert kept <= 2  # of 24: about one in forty is kept by chance


def test_what_helps_is_kept_and_stays_under_what_follows() -> None:
    """The answer is the state itself; one layer adds the shift that is missing, the next nothing,
    the last spoils: only the first is kept, and it also changes new rows."""
    truth = np.linspace(0, 50, NUM)
    state = truth + 7 + np.random.default_rng(0).normal(0, 1, NUM)

    def shift(state: np.ndarray, rows: np.ndarray) -> float:
        return float((truth[rows] - state).mean())

    layers = {
        "a": [
            Layer("half", lambda s, r: shift(s, r) / 2, lambda by, s: s + by),
            Layer("shift", shift, lambda by, s: s + by),
        ],
        "b": [Layer("again", shift, lambda by, s: s + by)],
        "c": [Layer("spoil", lambda s, r: 3.0, lambda by, s: s + by)],
    }
    scorer = NestedScorer(target(truth, "mae"), lambda s: s, split=split())
    pipeline, steps = search_layers(start(state), layers, scorer=scorer, rule="interval")
    assert pipeline.names == ["shift"]
    assert [(step.name, step.kept) for step in steps] == [
        ("half", False),
        ("shift", True),
        ("again", False),
        ("spoil", False),
    ]
    assert steps[1].gain.value == pytest.approx(steps[1].before - steps[1].nested)
    assert steps[3].gain.high < 0
    assert pipeline.transform(np.array([10.0])) == pytest.approx([3.0], abs=0.2)


def test_what_only_sharpens_is_judged_by_log_loss() -> None:
    """Probabilities twice as far from a half, the answers the same: the log-loss decides."""
    rng = np.random.default_rng(1)
    truth = rng.integers(2, size=NUM)
    right = rng.random(NUM) < 0.95
    score = np.where(right == (truth == 1), 0.6, 0.4)
    state = np.column_stack([score, truth])  # the truth beside it only for the losses

    def losses(state: np.ndarray) -> np.ndarray:
        return -np.log(np.where(state[:, 1] > 0.5, state[:, 0], 1 - state[:, 0]))

    def sharpen(nothing: None, state: np.ndarray) -> np.ndarray:
        return np.column_stack([(state[:, 0] - 0.5) * 4 + 0.5, state[:, 1]])

    layer = Layer("sharpen", lambda state, rows: None, sharpen)
    scorer = NestedScorer(
        target(truth, "accuracy"),
        lambda s: (s[:, 0] >= 0.5).astype(int),
        split=split(),
        losses=losses,
        by_losses=("calibration",),
    )
    _, (step,) = search_layers(
        start(state), {"calibration": [layer]}, scorer=scorer, rule="interval"
    )
    assert step.kept
    assert step.gain.value == 0
    assert step.log_loss_gain.low > 0


def test_a_mean_of_losses_is_compared_by_people() -> None:
    losses = 1 + np.arange(NUM) / NUM
    found = mean_difference(losses, losses - 0.25, split=split())
    assert (found.value, found.low, found.high) == pytest.approx((0.25, 0.25, 0.25))


def test_one_fold_leaves_nobody_to_learn_from() -> None:
    pipeline = LayerPipeline.start(
        np.zeros(8), folds=np.zeros(8, dtype=int), person_ids=np.arange(8)
    )
    with pytest.raises(ValueError, match="nobody to learn from"):
        pipeline.fit_layer(Layer("any", lambda s, r: None, lambda n, s: s))
