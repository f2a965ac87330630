from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as reference

from pipeline.labels.kinds import GROUP_METRICS, METRIC_KINDS, uses_decisions
from pipeline.metrics.metric import People
from pipeline.metrics.metrics import (
    FAMILY_EXAMPLES,
    METRICS,
    REPORTED,
    class_f1,
    find_metric,
    is_metric,
    reported,
)

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


@pytest.mark.parametrize("name", [*METRICS, *FAMILY_EXAMPLES])
def test_a_perfect_answer_scores_best(name: str) -> None:
    metric = find_metric(name)
    for kind in metric.kinds:
        truth = {
            "binary": BINARY,
            "multiclass": TRUTH,
            "multilabel": np.stack([BINARY, np.roll(BINARY, 3), np.roll(BINARY, 5)], axis=1),
            "regression": TRUTH * 10,
        }[kind]
        perfect, wrong = truth, np.roll(truth, 7, axis=0)
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


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("balanced_accuracy", reference.balanced_accuracy_score),
        ("micro_f1", partial(reference.f1_score, average="micro")),
        ("weighted_f1", partial(reference.f1_score, average="weighted")),
        ("macro_f_beta@0.5", partial(reference.fbeta_score, beta=0.5, average="macro")),
        ("matthews", reference.matthews_corrcoef),
        ("kappa", reference.cohen_kappa_score),
        ("linear_kappa", partial(reference.cohen_kappa_score, weights="linear")),
        ("quadratic_kappa", partial(reference.cohen_kappa_score, weights="quadratic")),
    ],
)
def test_metrics_of_classes_are_scikit_learn_s(name: str, expected: Callable) -> None:
    near = np.clip(TRUTH + RNG.integers(-1, 2, size=200), 0, 5)
    for truth, answer in ((TRUTH, ANSWER), (TRUTH, near), (BINARY, (SCORE > 0.4).astype(int))):
        assert compute(name, truth, answer) == pytest.approx(expected(truth, answer))


def test_f_beta_is_scikit_learn_s() -> None:
    answer = (SCORE >= 0.3).astype(int)
    expected = reference.fbeta_score(BINARY, answer, beta=2)
    assert compute("f_beta@2", BINARY, answer) == pytest.approx(expected)


def test_a_number_is_rounded_to_a_class_for_kappa() -> None:
    values = TRUTH + RNG.normal(0, 0.6, size=200)
    expected = reference.cohen_kappa_score(TRUTH, np.rint(values) + 5, weights="quadratic")
    assert compute("quadratic_kappa", TRUTH, values + 5) == pytest.approx(expected)
    # answers below 0 count as what they are. By hand: truths 0 and 1, answers -1 and 1; the cost is
    # 1 + 0; by chance the pairs (0, -1), (0, 1), (1, -1), (1, 1) cost 1 + 1 + 4 + 0, halved: 3
    found = compute("quadratic_kappa", np.array([0.0, 1.0]), np.array([-1.0, 1.0]))
    assert found == pytest.approx(1 - 1 / 3)


def test_metrics_of_probabilities_are_scikit_learn_s() -> None:
    probs = RNG.dirichlet(np.ones(6), size=200)
    labels = list(range(6))
    expected = reference.log_loss(TRUTH, probs, labels=labels)
    assert compute("log_loss", TRUTH, probs) == pytest.approx(expected)
    assert compute("log_loss", TRUTH, 7.0 * probs) == pytest.approx(expected)  # rows are summed
    assert compute("log_loss", BINARY, SCORE) == pytest.approx(
        -np.mean(np.log(np.clip(np.where(BINARY, SCORE, 1 - SCORE), 1e-15, 1 - 1e-15)))
    )
    zeros = np.eye(6)[(TRUTH + 1) % 6]  # certain and wrong: clipped at 1e-15 as Kaggle does
    assert compute("log_loss", TRUTH, zeros) == pytest.approx(-np.log(1e-15))
    assert compute("brier", BINARY, SCORE) == pytest.approx(
        reference.brier_score_loss(BINARY, SCORE)
    )
    assert compute("brier", TRUTH, probs) == pytest.approx(
        ((probs - np.eye(6)[TRUTH]) ** 2).sum(axis=1).mean()
    )
    for number in (1, 3):
        expected = reference.top_k_accuracy_score(TRUTH, probs, k=number, labels=labels)
        assert compute(f"top@{number}", TRUTH, probs) == pytest.approx(expected)


def test_map_at_k_by_hand() -> None:
    # the true class is 1st, 2nd, 3rd: 1/1, 1/2 and 0 beyond two, so MAP@2 is 0.5
    probs = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    truth = np.array([0, 1, 2])
    assert compute("map@2", truth, probs) == pytest.approx(0.5)
    assert compute("map@3", truth, probs) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    # of equally likely classes the first comes first, as for arg-max
    assert compute("top@1", truth, np.full((3, 3), 1 / 3)) == pytest.approx(1 / 3)


def test_metrics_of_order_are_scikit_learn_s_and_scipy_s() -> None:
    assert compute("average_precision", BINARY, SCORE) == pytest.approx(
        reference.average_precision_score(BINARY, SCORE)
    )
    probs = RNG.dirichlet(np.ones(6), size=200).round(2)
    probs /= probs.sum(axis=1, keepdims=True)
    for name, average in (("macro_roc_auc", "macro"), ("weighted_roc_auc", "weighted")):
        expected = reference.roc_auc_score(TRUTH, probs, multi_class="ovr", average=average)
        assert compute(name, TRUTH, probs) == pytest.approx(expected)
    expected = reference.average_precision_score(np.eye(6)[TRUTH], probs, average="macro")
    assert compute("macro_average_precision", TRUTH, probs) == pytest.approx(expected)
    answer = (TRUTH + RNG.normal(0, 2, size=200)).round(1)
    assert compute("spearman", TRUTH, answer) == pytest.approx(
        stats.spearmanr(TRUTH, answer).statistic
    )


def test_more_metrics_of_numbers_are_scikit_learn_s_and_scipy_s() -> None:
    truth = RNG.random(80) * 60 + 1000  # far from 0: no digits may be lost
    answer = truth + RNG.normal(0, 9, size=80)
    given = (truth, answer)
    assert compute("r2", *given) == pytest.approx(reference.r2_score(*given))
    assert compute("pearson", *given) == pytest.approx(stats.pearsonr(*given).statistic)
    assert compute("rmsle", *given) == pytest.approx(reference.root_mean_squared_log_error(*given))
    assert compute("pinball@0.9", *given) == pytest.approx(
        reference.mean_pinball_loss(*given, alpha=0.9)
    )
    # Lin 1989 by his formula
    covariance = np.mean((truth - truth.mean()) * (answer - answer.mean()))
    away = (truth.mean() - answer.mean()) ** 2
    expected = 2 * covariance / (truth.var() + answer.var() + away)
    assert compute("ccc", *given) == pytest.approx(expected)
    assert compute("cs@3", *given) == np.mean(np.abs(truth - answer) <= 3)
    assert np.isnan(compute("pearson", truth, np.full(80, 0.1)))
    with pytest.raises(ValueError, match="the least answer is -2; set the task's `low: 0`"):
        compute("rmsle", truth, np.full(80, -2.0))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("macro_f2", "'macro_f2' is not known"),
        ("cs@", "'cs@' is not known"),
        ("cs@x", "'x' is not a number"),
        ("pinball@1", "between 0 and 1"),
        ("top@2.5", "whole number, as in top@5"),
        ("f_beta@-1", "above 0"),
    ],
)
def test_a_name_that_is_no_metric_is_said(name: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        find_metric(name)
    assert not is_metric(name)


def test_an_image_without_a_label_does_not_count() -> None:
    rng = np.random.default_rng(3)
    people = People(np.repeat(np.arange(6), 2), 6)
    times = np.array([[1, 2, 0, 1, 1, 1], [0, 1, 1, 2, 1, 1]], dtype=np.float64)
    classes, numbers = rng.integers(3, size=12), rng.normal(size=12)
    for name, truth, answer in (
        ("macro_f1", classes, rng.integers(3, size=12)),
        ("roc_auc", (classes > 1).astype(np.float32), numbers),
        ("mae", numbers, rng.normal(size=12)),
    ):
        metric, some = find_metric(name), truth.copy()
        some[[1, 6]] = -1 if truth.dtype.kind == "i" else np.nan
        known = np.setdiff1d(np.arange(12), [1, 6])
        assert metric.compute(some, answer) == metric.compute(truth[known], answer[known])
        drawn = metric.in_draws(some, answer, people=people)(times)
        fewer = People(people.codes[known], 6)
        expected = metric.in_draws(truth[known], answer[known], people=fewer)(times)
        np.testing.assert_array_equal(drawn, expected)
        assert np.isnan(metric.compute(np.full_like(truth, some[1]), answer))
