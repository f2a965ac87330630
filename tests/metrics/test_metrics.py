import numpy as np
import pytest
from sklearn import metrics as reference

from pipeline.labels.kinds import GROUP_METRICS, METRIC_KINDS, uses_decisions
from pipeline.metrics.metrics import METRICS, REPORTED, class_f1, find_metric, reported

EXAMPLES = ("cs@3", "pinball@0.9", "top@3", "map@5", "f_beta@2", "macro_f_beta@0.5")
RNG = np.random.default_rng(0)
TRUTH, ANSWER = RNG.integers(6, size=200), RNG.integers(6, size=200)
BINARY, SCORE = RNG.integers(2, size=200), RNG.random(200).round(1)


def compute(name: str, truth: np.ndarray, answer: np.ndarray) -> float:
    return find_metric(name).compute(truth, answer)


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


@pytest.mark.parametrize("name", [*METRICS, *EXAMPLES])
def test_a_perfect_answer_scores_best(name: str) -> None:
    metric = find_metric(name)
    for kind in metric.kinds:
        truth = {"binary": BINARY, "multiclass": TRUTH, "regression": TRUTH * 10}[kind]
        perfect, wrong = truth, np.roll(truth, 7)
        if kind == "multiclass" and metric.looks_at == "probs":
            perfect, wrong = np.eye(6)[truth], np.eye(6)[wrong]
        group = RNG.random(len(truth))
        best = metric.as_score(metric.compute(truth, perfect, group))
        assert best > metric.as_score(metric.compute(truth, wrong, group))
        assert metric.low <= metric.as_score(best) <= metric.high


def test_false_acceptance_is_of_the_zeros_and_false_rejection_of_the_ones() -> None:
    # by hand: of four 0s one is answered 1 (accepted), of two 1s one is answered 0 (rejected)
    truth, answer = np.array([0, 0, 0, 0, 1, 1]), np.array([0, 0, 0, 1, 1, 0])
    assert compute("far", truth, answer) == 0.25
    assert compute("frr", truth, answer) == 0.5
    assert compute("hter", truth, answer) == 0.375
    assert np.isnan(compute("far", truth[4:], answer[4:]))
    assert np.isnan(compute("hter", truth[4:], answer[4:]))


def test_yes_or_no_metrics_are_scikit_learn_s() -> None:
    answer = (SCORE >= 0.3).astype(int)
    for name in ("f1", "precision", "recall"):
        expected = getattr(reference, f"{name}_score")(BINARY, answer)
        assert compute(name, BINARY, answer) == pytest.approx(expected)
    assert compute("precision", BINARY, np.zeros(200)) == 0.0
    assert compute("f1", BINARY, np.zeros(200)) == 0.0
    table = reference.confusion_matrix(BINARY, answer, normalize="true")
    assert compute("far", BINARY, answer) == pytest.approx(table[0, 1])
    assert compute("frr", BINARY, answer) == pytest.approx(table[1, 0])


def test_squared_error_and_cumulative_score() -> None:
    truth, answer = np.array([20.0, 30.0, 40.0, 50.0]), np.array([25.0, 24.9, 40.0, 56.0])
    assert compute("mse", truth, answer) == pytest.approx(
        reference.mean_squared_error(truth, answer)
    )
    assert compute("cs5", truth, answer) == 0.5  # off by 5, 5.1, 0 and 6


def test_the_occlusion_score_by_hand() -> None:
    # women: truth 0 and 0.3, answers 0.1 and 0.3: w = 1/30 and 1/3, Err = 0.01 / 11 = 1/1100
    # men: truth 0.3, answer 0.1: Err = 0.04; score = (1/1100 + 0.04) / 2 + (0.04 - 1/1100)
    truth, answer = np.array([0.0, 0.3, 0.3]), np.array([0.1, 0.3, 0.1])
    group = np.array([0.2, 0.0, 0.5])
    expected = (1 / 1100 + 0.04) / 2 + (0.04 - 1 / 1100)
    metric = METRICS["occlusion_gap"]
    assert metric.compute(truth, answer, group) == pytest.approx(expected)
    assert np.isnan(metric.compute(truth, answer, np.ones(3)))
    with pytest.raises(ValueError, match="needs a group"):
        metric.compute(truth, answer)


def test_the_words_of_the_settings_are_those_of_the_registry() -> None:
    assert {name: metric.kinds for name, metric in METRICS.items()} == METRIC_KINDS
    assert {n for n, metric in METRICS.items() if metric.needs_group} == set(GROUP_METRICS)
    for name in (*METRICS, "top@3", "map@5", "cs@3"):
        assert (find_metric(name).looks_at == "decision") == uses_decisions(name)
    for kind, names in REPORTED.items():
        assert all(kind in METRIC_KINDS[name] for name in names)
    assert reported("binary", "roc_auc")[:2] == ["roc_auc", "hter"]
    assert len(reported("binary", "roc_auc")) == len(REPORTED["binary"])
