import math

import numpy as np
import pytest

from pipeline.features.tuning.lr_sweep import end_of, log_grid, read_sweep

CURVATURE = 4.0  # of f = 2 x²: gradient descent is stable below a rate of 2 / 4, fastest at 1 / 4


def descend(rate: float, *, steps: int = 12) -> list[float]:
    x, losses = 1.0, []
    for _ in range(steps):
        losses.append(0.5 * CURVATURE * x * x)
        x -= rate * CURVATURE * x
    return losses


@pytest.mark.parametrize("number", [9, 25, 61])
def test_on_a_quadratic_it_finds_the_stable_limit_and_the_fastest_rate(number: int) -> None:
    rates = log_grid(1e-3, 10.0, number)
    sweep = read_sweep(rates, [descend(rate) for rate in rates])
    assert sweep.limit_seen
    assert sweep.last_stable == max(rate for rate in rates if rate < 2.0 / CURVATURE)
    assert sweep.steepest == min(rates, key=lambda rate: abs(1.0 - rate * CURVATURE))
    assert sweep.picked <= sweep.last_stable / 2.0


def test_without_an_unstable_rate_no_limit_is_claimed() -> None:
    rates = log_grid(1e-3, 0.1, 5)
    sweep = read_sweep(rates, [descend(rate) for rate in rates])
    assert not sweep.limit_seen
    assert sweep.steepest == sweep.picked == rates[-1]


def test_a_rate_beyond_the_first_unstable_one_is_never_picked() -> None:
    losses = [[1.0, 0.9, 0.8], [1.0, math.inf, math.inf], [1.0, 0.1, 0.1]]
    sweep = read_sweep([0.01, 0.1, 1.0], losses)
    assert (sweep.steepest, sweep.last_stable, sweep.picked) == (0.01, 0.01, 0.005)


def test_nothing_is_picked_when_nothing_is_stable() -> None:
    sweep = read_sweep([0.1, 1.0], [[1.0, 5.0, 9.0], [1.0, math.nan, math.nan]])
    assert sweep.picked is None
    assert sweep.limit_seen


RATES = [1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2]
ENDS = [0.5148, 0.5037, 0.4729, 0.3946, 0.2568, 0.2649, 0.4437, 1.76]


def test_harder_batches_at_the_end_make_no_rate_unstable() -> None:
    """The smallest rate ends 5.1 % above the first batch, because the last batches are harder."""
    losses = [[0.4898, 0.5, end] for end in ENDS]
    for untrained in (None, [0.4898, 0.5, 0.5160]):
        sweep = read_sweep(RATES, losses, untrained=untrained)
        assert (sweep.steepest, sweep.last_stable, sweep.limit_seen) == (1e-3, 1e-2, True)
        assert sweep.picked == 1e-3


def test_a_rate_is_judged_on_its_own_batches() -> None:
    """All rates end above the first loss, but below what the untrained network ends at."""
    losses = [[1.0, 1.5, 2.0], [1.0, 1.4, 1.6]]
    assert read_sweep([0.1, 0.2], losses).picked is None
    assert read_sweep([0.1, 0.2], losses, untrained=[1.0, 1.5, 2.1]).steepest == 0.2


def test_the_grid_is_even_on_a_log_axis() -> None:
    grid = log_grid(1e-5, 1.0, 11)
    assert (grid[0], grid[-1], len(grid)) == (1e-5, 1.0, 11)
    np.testing.assert_allclose(np.diff(np.log10(grid)), 0.5, atol=0.01)
    assert end_of([9.0, 9.0, 9.0, 9.0, 1.0, 3.0]) == 2.0
