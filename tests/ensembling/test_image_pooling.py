"""Several images' predictions to one, against numpy and a hand calculation."""

import numpy as np
import pytest
from scipy import special, stats

from pipeline.ensembling.image_pooling import RULES, pool_images

CODES = np.array([0, 1, 0, 0, 1, 2, 0, 0, 0, 0, 0, 1])
RNG = np.random.default_rng(0)
PROBS = RNG.dirichlet([0.5, 0.5, 0.5], size=len(CODES))
SCORES = RNG.uniform(size=(len(CODES), 1))


def pool(values: np.ndarray, kind: str, rule: str) -> np.ndarray:
    return pool_images(values, CODES, num_groups=3, kind=kind, rule=rule)


def by_group(values: np.ndarray, how) -> np.ndarray:
    return np.stack([how(values[code == CODES]) for code in range(3)])


def test_means_and_medians() -> None:
    mean, median = (lambda v: v.mean(axis=0)), (lambda v: np.median(v, axis=0))
    np.testing.assert_allclose(pool(PROBS, "multiclass", "mean"), by_group(PROBS, mean))
    np.testing.assert_allclose(pool(SCORES, "regression", "median"), by_group(SCORES, median))
    middle = by_group(PROBS, median)
    middle /= middle.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(pool(PROBS, "multiclass", "median"), middle, atol=1e-6)


def test_the_trimmed_mean_leaves_a_quarter_out_at_each_end() -> None:
    found = pool(SCORES, "binary", "trimmed_mean")
    wanted = by_group(SCORES, lambda v: stats.trim_mean(v, 0.25, axis=0))
    np.testing.assert_allclose(found, wanted)


def test_log_odds_are_those_of_scipy() -> None:
    wanted = by_group(SCORES, lambda v: special.expit(special.logit(v).mean(axis=0)))
    np.testing.assert_allclose(pool(SCORES, "binary", "log_odds"), wanted)
    wanted = by_group(PROBS, lambda v: special.softmax(np.log(v).mean(axis=0)))
    np.testing.assert_allclose(pool(PROBS, "multiclass", "log_odds"), wanted, rtol=1e-5)
    two = np.concatenate([1 - SCORES, SCORES], axis=1)
    as_classes = pool(two, "multiclass", "log_odds")[:, 1:]
    np.testing.assert_allclose(as_classes, pool(SCORES, "binary", "log_odds"))


@pytest.mark.parametrize("kind", RULES)
def test_one_image_stays_as_it_is(kind: str) -> None:
    values = PROBS if kind == "multiclass" else SCORES
    for rule in RULES[kind]:
        found = pool_images(values, np.arange(12), num_groups=12, kind=kind, rule=rule)
        np.testing.assert_allclose(found, values, atol=1e-5)
