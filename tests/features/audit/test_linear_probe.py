"""The probe learns from the other folds alone, and what it learns is there."""

import numpy as np
import pytest

from pipeline.features.audit.pure.linear_probe import condense, probe_oof


@pytest.fixture
def known() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features whose first direction is the label, the label, and folds."""
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=300)
    features = rng.normal(size=(300, 20))
    features[:, 0] += 4.0 * truth
    return features, truth, np.arange(300) % 5


def test_the_probe_finds_a_label_that_is_there(known) -> None:
    features, truth, folds = known
    probs = probe_oof(condense(features, seed=0), truth, folds, kind="multiclass", num_classes=3)
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-5)
    assert (probs.argmax(axis=1) == truth).mean() > 0.8
    value = probe_oof(
        condense(features, seed=0), truth * 1.0, folds, kind="regression", num_classes=0
    )
    assert np.corrcoef(value[:, 0], truth)[0, 1] > 0.85
    score = probe_oof(features, truth == 2, folds, kind="binary", num_classes=2)
    assert score[truth == 2].mean() > 0.7
    assert score[truth == 0].mean() < 0.3


def test_a_fold_is_never_asked_what_it_was_taught(known) -> None:
    """Other labels in a fold change the other folds' answers, never its own."""
    features, truth, folds = known
    changed = np.where(folds == 2, (truth + 1) % 3, truth)
    options = {"kind": "multiclass", "num_classes": 3}
    first, second = (probe_oof(features, some, folds, **options) for some in (truth, changed))
    np.testing.assert_array_equal(first[folds == 2], second[folds == 2])
    assert np.abs(first[folds != 2] - second[folds != 2]).max() > 0.01


def test_a_class_that_only_one_fold_has_gets_probability_0_there(known) -> None:
    features, truth, folds = known
    truth = np.where(truth == 1, 0, truth)
    truth[folds == 0] = 1
    probs = probe_oof(features, truth, folds, kind="multiclass", num_classes=3)
    assert (probs[folds == 0, 1] == 0).all()
    np.testing.assert_allclose(probs.sum(axis=1), 1.0, atol=1e-5)


def test_images_without_a_label_teach_nothing_and_are_answered() -> None:
    """Answers are those of the labelled images alone; -1 and NaN are no class and no number."""
    rng = np.random.default_rng(5)
    features, folds = rng.normal(size=(60, 4)), np.arange(60) % 3
    known = np.arange(60) % 5 != 0
    numbers = features[:, 0] + rng.normal(0, 0.1, 60)
    classes = (numbers > 0).astype(np.int64)
    for kind, target, lacking in (
        ("regression", numbers, np.nan),
        ("binary", classes.astype(float), np.nan),
        ("multiclass", classes, -1),
    ):
        partly = np.where(known, target, lacking)
        found = probe_oof(features, partly, folds, kind=kind, num_classes=2)
        alone = probe_oof(features[known], target[known], folds[known], kind=kind, num_classes=2)
        np.testing.assert_allclose(found[known], alone)
        assert np.isfinite(found).all()
