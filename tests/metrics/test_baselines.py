import numpy as np
import pytest

from pipeline.metrics.baselines import best_constant, constant_answers
from pipeline.metrics.metrics import METRICS

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("name", ["mae", "mse", "rmse", "cs5", "occlusion_gap"])
def test_no_other_number_is_better(name: str) -> None:
    metric, truth, group = METRICS[name], RNG.random(200) ** 2 * 40, RNG.random(200)
    best = best_constant(metric, truth, kind="regression", group=group)
    if name == "mae":
        assert best == np.median(truth)
    if name in ("mse", "rmse"):
        assert best == truth.mean()
    mine = metric.as_score(metric.compute(truth, np.full(200, best), group))
    tried = [metric.as_score(metric.compute(truth, np.full(200, v), group)) for v in range(41)]
    assert mine >= max(tried) * (0.99 if max(tried) > 0 else 1.01)


def test_the_commonest_class_and_the_better_of_yes_and_no() -> None:
    assert best_constant(METRICS["macro_f1"], np.array([2, 0, 2]), kind="multiclass") == 2
    rare = np.array([0, 0, 0, 1.0])
    assert best_constant(METRICS["accuracy"], rare, kind="binary") == 0
    assert best_constant(METRICS["f1"], rare, kind="binary") == 1
    for name in ("hter", "roc_auc"):
        answers = constant_answers(
            METRICS[name], np.tile(rare, 3), folds=np.arange(12) // 4, kind="binary"
        )
        assert METRICS[name].compute(np.tile(rare, 3), answers) == 0.5


def test_a_fold_gets_the_constant_of_the_others() -> None:
    truth, folds = np.array([1.0, 1, 5, 5]), np.array([0, 0, 1, 1])
    answers = constant_answers(METRICS["mae"], truth, folds=folds, kind="regression")
    assert answers.tolist() == [5, 5, 1, 1]


def test_where_probabilities_are_judged_the_constant_is_the_share_of_each_class() -> None:
    truth, folds = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 2, 2])
    shares = constant_answers(METRICS["log_loss"], truth, folds=folds, kind="multiclass")
    # of fold 0 the others are 0, 1, 1, 2: with one more of each (2, 3, 2) of 7
    assert np.allclose(shares[0], np.array([2, 3, 2]) / 7)
    assert np.allclose(shares.sum(axis=1), 1.0)
    yes = np.array([1.0, 0.0, 0.0, 0.0])
    assert best_constant(METRICS["brier"], yes, kind="binary") == 0.25
