import numpy as np
import pytest

from pipeline.metrics.cut_points import fit_cuts
from pipeline.metrics.metrics import METRICS

RNG = np.random.default_rng(5)
TRUTH = RNG.integers(4, size=300).astype(np.float64)
VALUES = 1.5 + 0.4 * (TRUTH - 1.5) + RNG.normal(0, 0.25, size=300)  # drawn to the mean
KAPPA = METRICS["quadratic_kappa"]


def test_cuts_mend_values_that_are_drawn_to_the_mean() -> None:
    fitted = fit_cuts(VALUES, TRUTH, metric=KAPPA)
    plain, cut = (KAPPA.compute(TRUTH, each) for each in (VALUES, fitted.apply(VALUES)))
    assert cut > plain + 0.05
    assert np.allclose(fitted.cuts, [0.9 + 0.2 * 0, 1.5, 2.1], atol=0.25)
    assert sorted(fitted.cuts) == fitted.cuts.tolist()


def test_no_single_cut_can_be_bettered() -> None:
    """Every place of every cut between its neighbours is tried by hand."""
    fitted = fit_cuts(VALUES, TRUTH, metric=KAPPA)
    best = KAPPA.compute(TRUTH, fitted.apply(VALUES))
    for place in range(3):
        for cut in np.sort(VALUES)[::3]:
            cuts = fitted.cuts.copy()
            cuts[place] = cut
            if sorted(cuts) != cuts.tolist():
                continue
            answers = np.searchsorted(cuts, VALUES, side="right")
            assert KAPPA.compute(TRUTH, answers) <= best + 1e-9


def test_right_values_keep_the_middles() -> None:
    truth = np.array([3.0, 4.0, 5.0, 4.0])
    fitted = fit_cuts(truth + 0.1, truth, metric=KAPPA)
    assert fitted.cuts.tolist() == [3.5, 4.5]
    assert fitted.apply(np.array([2.0, 3.6, 9.0])).tolist() == [3.0, 4.0, 5.0]


@pytest.mark.parametrize("name", ["quadratic_kappa", "linear_kappa"])
def test_one_class_has_no_cuts(name: str) -> None:
    fitted = fit_cuts(np.array([1.0, 2.0]), np.array([4.0, 4.0]), metric=METRICS[name])
    assert fitted.apply(np.array([0.0, 9.0])).tolist() == [4.0, 4.0]
