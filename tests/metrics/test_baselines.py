import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss

from pipeline.metrics.baselines import best_constant, constant_answers
from pipeline.metrics.class_metrics import class_metric
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
        answers = constant_answers(METRICS[name], rare, kind="binary")
        assert METRICS[name].compute(rare, answers) == 0.5


@pytest.mark.parametrize("num_classes", [2, 18])
def test_of_even_classes_it_is_one_class_for_all_images_as_scikit_learn_has_it(
    num_classes: int,
) -> None:
    truth = np.tile(np.arange(num_classes), 280)
    dummy = DummyClassifier(strategy="most_frequent").fit(truth[:, None], truth)
    wanted = dummy.predict(truth[:, None])
    for name, value in (
        ("accuracy", accuracy_score(truth, wanted)),
        ("macro_f1", f1_score(truth, wanted, average="macro")),
    ):
        answers = constant_answers(METRICS[name], truth, kind="multiclass")
        assert len(set(answers.tolist())) == 1  # whatever folds there are
        assert METRICS[name].compute(truth, answers) == pytest.approx(value)
    assert value == pytest.approx({2: 1 / 3, 18: 0.0058}[num_classes], abs=1e-4)


def test_of_classes_every_one_is_tried() -> None:
    far = class_metric("near", "1 - mean distance", lambda c: -c.cost, distance=1)
    assert best_constant(far, np.array([0, 0, 1, 2, 2, 2, 1, 0, 0]), kind="multiclass") == 1


def test_an_image_without_a_label_has_the_constant_too() -> None:
    truth = np.array([1.0, 1, 5, np.nan])
    answers = constant_answers(METRICS["mae"], truth, kind="regression")
    assert answers.tolist() == [1, 1, 1, 1]
    none = constant_answers(METRICS["mae"], np.full(2, np.nan), kind="regression")
    assert none.tolist() == [0, 0]


def test_where_probabilities_are_judged_the_constant_is_the_share_of_each_class() -> None:
    truth = np.array([0, 0, 0, 1, 1, 2, -1])
    shares = constant_answers(METRICS["log_loss"], truth, kind="multiclass")
    assert np.allclose(shares, np.tile([3 / 6, 2 / 6, 1 / 6], (7, 1)))
    known = truth[:6]
    dummy = DummyClassifier(strategy="prior").fit(known[:, None], known)
    wanted = log_loss(known, dummy.predict_proba(known[:, None]))
    assert METRICS["log_loss"].compute(truth, shares) == pytest.approx(wanted)
    yes = np.array([1.0, 0.0, 0.0, 0.0])
    assert best_constant(METRICS["brier"], yes, kind="binary") == 0.25
