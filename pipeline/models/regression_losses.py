"""Losses of regression tasks, and of classes that are cut from a number.

Targets (N,) are in the label's unit. mse, l1, huber, weighted_mse and occlusion_gap take logits
(N, 1) of which 0 means `centre` and 1 means `centre + unit`.
"""

from functools import lru_cache

import torch
from torch.nn import functional as F

from pipeline.models.heads import bin_centres


def mse(
    logits: torch.Tensor, targets: torch.Tensor, *, unit: float = 1.0, centre: float = 0.0
) -> torch.Tensor:
    """Squared error of scaled targets."""
    return (logits[:, 0] - (targets - centre) / unit) ** 2


def l1(
    logits: torch.Tensor, targets: torch.Tensor, *, unit: float = 1.0, centre: float = 0.0
) -> torch.Tensor:
    """Absolute error of scaled targets."""
    return (logits[:, 0] - (targets - centre) / unit).abs()


def huber(
    logits: torch.Tensor,
    targets: torch.Tensor,
    *,
    unit: float = 1.0,
    centre: float = 0.0,
    delta: float = 1.0,
) -> torch.Tensor:
    """Half the squared error of scaled targets, linear above `delta` (in the label's unit)."""
    delta = delta / unit
    return F.huber_loss(logits[:, 0], (targets - centre) / unit, reduction="none", delta=delta)


def weighted_mse(
    logits: torch.Tensor,
    targets: torch.Tensor,
    *,
    unit: float = 1.0,
    centre: float = 0.0,
    whole: torch.Tensor | None = None,
) -> torch.Tensor:
    """Squared errors whose mean is Σ w e² / Σ w with w = 1/30 + y, y in the label's unit.

    Where these targets are a piece of a batch, `whole` has the targets of all of it: a piece of
    zeros has another mean weight, and the gradient must be that of the batch.
    """
    weights = 1.0 / 30.0 + targets
    mean_weight = (1.0 / 30.0 + (targets if whole is None else whole)).mean()
    return weights / mean_weight * mse(logits, targets, unit=unit, centre=centre)


def occlusion_gap(
    logits: torch.Tensor,
    targets: torch.Tensor,
    *,
    unit: float = 1.0,
    centre: float = 0.0,
    group: torch.Tensor,
) -> torch.Tensor:
    """(Err_F + Err_M) / 2 + |Err_F - Err_M| of the batch, male from group 0.5 on: a scalar.

    Err is Σ w e² / Σ w with w = 1/30 + y. A batch with one group only gives that group's Err.
    """
    weights = 1.0 / 30.0 + targets
    squares = mse(logits, targets, unit=unit, centre=centre)
    male = (group >= 0.5).to(weights.dtype)
    errors = []
    for members in (1.0 - male, male):
        total = (weights * members).sum()
        errors.append((weights * members * squares).sum() / total.clamp(min=1e-12))
    both = (male.amin() < 0.5) & (male.amax() > 0.5)
    mixed = (errors[0] + errors[1]) / 2.0 + (errors[0] - errors[1]).abs()
    return torch.where(both, mixed, errors[0] + errors[1])


def ordinal(
    logits: torch.Tensor, targets: torch.Tensor, *, low: float = 0.0, high: float = 1.0
) -> torch.Tensor:
    """Mean BCE of "y is above threshold k" over all thresholds (OR-CNN, Niu et al. 2016; the same
    with CORAL's head, Cao et al. 2020)."""
    steps = encode_ordinal(targets, low=low, high=high, num_steps=logits.shape[1])
    return F.binary_cross_entropy_with_logits(
        logits, steps.to(logits.dtype), reduction="none"
    ).mean(dim=1)


def distribution(
    logits: torch.Tensor,
    targets: torch.Tensor,
    *,
    low: float = 0.0,
    high: float = 1.0,
    sigma: float = 2.0,
) -> torch.Tensor:
    """KL divergence from the label's Gaussian over the bins, plus the absolute error of the
    expectation in bins (DLDL-v2, Gao et al. 2018)."""
    number = logits.shape[1]
    wanted = encode_distribution(targets, low=low, high=high, num_bins=number, sigma=sigma)
    divergence = F.kl_div(logits.log_softmax(dim=1), wanted.to(logits.dtype), reduction="none").sum(
        dim=1
    )
    centres = bin_centres(low, high, number=number, like=logits)
    error = (logits.softmax(dim=1) @ centres - targets).abs()
    return divergence + error * ((number - 1) / (high - low))


def encode_ordinal(
    values: torch.Tensor, *, low: float, high: float, num_steps: int
) -> torch.Tensor:
    """How much of each step (N, num_steps) between low and high lies below the values (N,).

    A value on a step gives ones, then zeros; between two steps it takes its share of one, so that
    low + Σ * step size is the value again.
    """
    steps = torch.arange(num_steps, device=values.device)
    position = (values - low) * (num_steps / (high - low))
    return (position[:, None] - steps[None, :]).clamp(0.0, 1.0)


def encode_distribution(
    values: torch.Tensor, *, low: float, high: float, num_bins: int, sigma: float
) -> torch.Tensor:
    """A Gaussian (N, num_bins) around each value (N,) over bins from low to high; rows sum to 1.

    The mean of every row is the value. Near an end, where the range cuts the Gaussian, its centre
    lies further out for that: a row around the very end is that bin alone.
    """
    centres = bin_centres(low, high, number=num_bins, like=values)
    shifts = _centre_shifts(low, high, num_bins, sigma, values.device)
    position = (values - low) * ((len(shifts) - 1) / (high - low))
    place = position.floor().clamp(0, len(shifts) - 2).long()
    part = position - place
    shift = shifts[place] * (1.0 - part) + shifts[place + 1] * part
    middle = values + shift.to(values.dtype)
    return (-0.5 * ((centres[None, :] - middle[:, None]) / sigma) ** 2).softmax(dim=1)


_STEPS_A_BIN = 16  # of the table of shifts, between which they are interpolated


@lru_cache(maxsize=32)
def _centre_shifts(
    low: float, high: float, num_bins: int, sigma: float, device: torch.device
) -> torch.Tensor:
    """How far a Gaussian's centre lies from its mean over the bins, for means from low to high.

    Found by halving in float64: the mean rises with the centre. 0 where the range cuts nothing off.
    """
    centres = torch.linspace(low, high, num_bins, dtype=torch.float64)
    number = (num_bins - 1) * _STEPS_A_BIN + 1
    means = torch.linspace(low, high, number, dtype=torch.float64)
    step = (high - low) / (num_bins - 1)
    furthest = 40.0 * sigma**2 / step + step  # there the last bin has all but e^-40 of the weight
    left, right = means - furthest, means + furthest
    for _ in range(60):
        middle = (left + right) / 2.0
        logits = -0.5 * ((centres[None, :] - middle[:, None]) / sigma) ** 2
        is_below = logits.softmax(dim=1) @ centres < means
        left = torch.where(is_below, middle, left)
        right = torch.where(is_below, right, middle)
    shifts = (left + right) / 2.0 - means
    is_far = torch.minimum(means - low, high - means) > 6.0 * sigma
    shifts[is_far] = 0.0  # e^-18 of the weight is cut off: nothing that float32 can tell
    with torch.inference_mode(False):
        return shifts.float().to(device)
