import numpy as np
import pytest
from sklearn import metrics as reference

from pipeline.scoring.metrics import METRICS, class_f1

RNG = np.random.default_rng(0)
TRUTH, ANSWER = RNG.integers(6, size=200), RNG.integers(6, size=200)
BINARY, SCORE = RNG.integers(2, size=200), RNG.random(200).round(1)


def compute(name: str, truth: np.ndarray, answer: np.ndarray) -> float:
    return METRICS[name].compute(truth, answer)


def test_class_metrics_are_scikit_learn_s() -> None:
    for truth, answer in ((TRUTH, ANSWER), (TRUTH[TRUTH != 3], ANSWER[TRUTH != 3] // 2)):
        expected = reference.f1_score(truth, answer, average="macro")
        assert compute("macro_f1", truth, answer) == pytest.approx(expected)
        assert compute("accuracy", truth, answer) == reference.accuracy_score(truth, answer)
    each = reference.f1_score(TRUTH, ANSWER, average=None)
    assert class_f1(TRUTH, ANSWER, num_classes=6) == pytest.approx(each)


def test_score_metrics_are_scikit_learn_s() -> None:
    assert compute("roc_auc", BINARY, SCORE) == pytest.approx(
        reference.roc_auc_score(BINARY, SCORE)
    )
    answer = SCORE >= 0.5
    expected = 1.0 - reference.balanced_accuracy_score(BINARY, answer)
    assert compute("hter", BINARY, answer) == pytest.approx(expected)


def test_number_metrics_are_scikit_learn_s() -> None:
    truth, answer = RNG.random(50), RNG.random(50)
    assert compute("mae", truth, answer) == pytest.approx(
        reference.mean_absolute_error(truth, answer)
    )
    expected = reference.root_mean_squared_error(truth, answer)
    assert compute("rmse", truth, answer) == pytest.approx(expected)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_a_perfect_answer_scores_best(name: str) -> None:
    metric = METRICS[name]
    truth = BINARY if "score" in metric.kinds else TRUTH
    perfect = metric.as_score(metric.compute(truth, truth))
    worse = metric.as_score(metric.compute(truth, np.roll(truth, 7)))
    assert perfect > worse
