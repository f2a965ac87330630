"""Metrics of several labels against scikit-learn, and by hand where labels are not known."""

import itertools
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from sklearn import metrics as reference

from pipeline.metrics.baselines import constant_answers
from pipeline.metrics.calibration import apply_temperature, calibration_error, fit_temperature
from pipeline.metrics.disagreements import losses, surprise
from pipeline.metrics.label_thresholds import best_label_thresholds
from pipeline.metrics.metrics import METRICS, find_metric

RNG = np.random.default_rng(5)
TRUTH = (RNG.random((300, 4)) < [0.6, 0.4, 0.2, 0.05]).astype(np.float64)
PROBS = np.clip(0.35 * TRUTH + RNG.random((300, 4)) * 0.65, 0.01, 0.99).round(2)
ANSWER = (PROBS >= 0.5).astype(np.int64)
NAN = np.nan


def compute(name: str, truth: np.ndarray, answer: np.ndarray) -> float:
    return find_metric(name).compute(truth, answer)


def mean_of_columns(score: Callable[..., float], answer: np.ndarray) -> float:
    return float(np.mean([score(TRUTH[:, c], answer[:, c]) for c in range(4)]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("macro_f1", partial(reference.f1_score, average="macro")),
        ("micro_f1", partial(reference.f1_score, average="micro")),
        ("weighted_f1", partial(reference.f1_score, average="weighted")),
        ("samples_f1", partial(reference.f1_score, average="samples", zero_division=0)),
        ("macro_f_beta@2", partial(reference.fbeta_score, beta=2, average="macro")),
        (
            "samples_f_beta@2",
            partial(reference.fbeta_score, beta=2, average="samples", zero_division=0),
        ),
        ("exact_match", reference.accuracy_score),
    ],
)
def test_metrics_of_decided_labels_are_scikit_learn_s(name: str, expected: Callable) -> None:
    assert compute(name, TRUTH, ANSWER) == pytest.approx(expected(TRUTH, ANSWER))


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("accuracy", reference.accuracy_score),
        ("balanced_accuracy", reference.balanced_accuracy_score),
        ("matthews", reference.matthews_corrcoef),
    ],
)
def test_means_of_columns_are_scikit_learn_s(name: str, score: Callable) -> None:
    assert compute(name, TRUTH, ANSWER) == pytest.approx(mean_of_columns(score, ANSWER))


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("macro_roc_auc", reference.roc_auc_score),
        ("macro_average_precision", reference.average_precision_score),
        ("log_loss", reference.log_loss),
        ("brier", reference.brier_score_loss),
    ],
)
def test_means_of_columns_of_probabilities_are_scikit_learn_s(name: str, score: Callable) -> None:
    assert compute(name, TRUTH, PROBS) == pytest.approx(mean_of_columns(score, PROBS))


def test_map_at_k_of_several_true_labels_by_hand() -> None:
    # true a and c; ranked c, b, a: precision 1 at c, 2/3 at a
    truth = np.array([[1.0, 0.0, 1.0]])
    probs = np.array([[0.2, 0.5, 0.9]])
    assert compute("map@3", truth, probs) == pytest.approx((1 + 2 / 3) / 2)
    assert compute("map@2", truth, probs) == pytest.approx(1 / 2)
    assert compute("map@1", truth, probs) == 1.0
    nobody = np.vstack([truth, np.zeros((1, 3))])  # an image without a label counts as 0
    assert compute("map@1", nobody, np.vstack([probs, probs])) == 0.5


def test_an_unknown_label_counts_nowhere() -> None:
    truth = np.array([[1.0, 0.0], [0.0, NAN], [1.0, 1.0], [NAN, NAN]])
    answer = np.array([[1, 1], [0, 1], [0, 1], [1, 1]])
    # label 0: of 1, 0, 1 answered 1, 0, 0; label 1: of 0, 1 answered 1, 1
    assert compute("accuracy", truth, answer) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert compute("macro_f1", truth, answer) == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert compute("micro_f1", truth, answer) == pytest.approx(4 / 6)
    assert compute("exact_match", truth, answer) == pytest.approx(1 / 3)
    # the images' F1: 2/3, nothing true and nothing answered 0, 2/3; the last has no label at all
    assert compute("samples_f1", truth, answer) == pytest.approx((2 / 3 + 0 + 2 / 3) / 3)
    expected = (
        reference.log_loss([1, 0, 1], [0.7, 0.2, 0.4]),
        reference.log_loss([0, 1], [0.6, 0.9]),
    )
    probs = np.array([[0.7, 0.6], [0.2, 0.1], [0.4, 0.9], [0.3, 0.3]])
    assert compute("log_loss", truth, probs) == pytest.approx(np.mean(expected))
    assert compute("macro_roc_auc", truth, probs) == 1.0
    assert np.isnan(compute("macro_f1", truth[3:], answer[3:]))


def test_a_label_that_is_never_true_is_left_out_of_the_mean_of_columns() -> None:
    truth, probs = np.array([[1.0, 0.0], [0.0, 0.0]]), np.array([[0.9, 0.3], [0.1, 0.4]])
    assert compute("macro_roc_auc", truth, probs) == 1.0
    assert compute("macro_f1", truth, (probs > 0.5) * 1) == 1.0


@pytest.mark.parametrize("name", ["macro_f1", "accuracy", "macro_f_beta@2", "matthews"])
def test_each_label_s_threshold_is_the_best_of_all(name: str) -> None:
    metric = find_metric(name)
    found = best_label_thresholds(TRUTH, PROBS, metric=metric)
    for place in range(4):
        own, tried = TRUTH[:, [place]], np.unique([0.5, *PROBS[:, place], 1.1])
        best = max(metric.compute(own, (PROBS[:, [place]] >= t) * 1) for t in tried)
        answer = (PROBS[:, [place]] >= found[place]) * 1
        assert metric.compute(own, answer) == pytest.approx(best, nan_ok=True)


@pytest.mark.parametrize("name", ["micro_f1", "samples_f1", "exact_match"])
def test_one_threshold_serves_a_metric_that_is_no_mean_of_labels(name: str) -> None:
    found = best_label_thresholds(TRUTH, PROBS, metric=find_metric(name))
    assert len(set(found)) == 1
    plain = compute(name, TRUTH, ANSWER)
    assert compute(name, TRUTH, (np.array(found) <= PROBS) * 1) >= plain


def test_one_constant_of_labels_serves_all_images() -> None:
    truth = np.array([[1.0, 0.0], [1.0, NAN], [0.0, 1.0], [1.0, 1.0]])
    shares = constant_answers(METRICS["macro_roc_auc"], truth, kind="multilabel")
    assert shares.tolist() == [[3 / 4, 2 / 3]] * 4
    decided = constant_answers(METRICS["accuracy"], truth, kind="multilabel")
    assert decided.tolist() == [[1, 1]] * 4


@pytest.mark.parametrize("name", ["micro_f1", "samples_f1", "macro_f1", "exact_match", "accuracy"])
def test_no_other_constant_of_labels_is_better(name: str) -> None:
    answer = constant_answers(METRICS[name], TRUTH, kind="multilabel")
    tried = [
        compute(name, TRUTH, np.tile(labels, (len(TRUTH), 1)))
        for labels in itertools.product([0, 1], repeat=TRUTH.shape[1])
    ]
    assert compute(name, TRUTH, answer) == pytest.approx(max(tried))


def test_each_label_has_its_own_temperature() -> None:
    sure = np.stack([np.where(TRUTH[:, 0] > 0.5, 0.6, 0.4), np.full(300, 0.999)], axis=1)
    truth = np.stack([TRUTH[:, 0], TRUTH[:, 1]], axis=1)
    first, second = fit_temperature(sure, truth)
    assert first < 1.0 < second
    cooled = apply_temperature(sure, (1.0, 2.0))
    np.testing.assert_allclose(cooled[:, 0], sure[:, 0])
    np.testing.assert_allclose(cooled[:, 1], 1 / (1 + np.sqrt(0.001 / 0.999)))
    errors = [calibration_error(sure[:, [c]], truth[:, c]) for c in range(2)]
    assert calibration_error(sure, truth) == pytest.approx(np.mean(errors))


def test_how_wrong_an_answer_is_is_its_share_of_wrong_labels() -> None:
    truth = np.array([[1.0, 0.0, NAN], [0.0, 0.0, 0.0]])
    assert losses("multilabel", truth, np.array([[1, 1, 1], [0, 0, 0]])).tolist() == [0.5, 0.0]
    probs = np.array([[0.9, 0.3, 0.5], [0.1, 0.1, 0.1]])
    assert surprise("multilabel", truth, probs) == pytest.approx([0.2, 0.1])
