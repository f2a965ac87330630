"""The loss of a network that knows nothing yet, in closed form where there is one."""

import math

import numpy as np


def expected_loss(
    loss: str,
    targets: np.ndarray,
    *,
    num_classes: int,
    gamma: float,
    scale: float,
    centre: float = 0.0,
) -> tuple[float, str] | None:
    """What logits of zero cost on these targets, and the formula in words; None without a formula.

    Targets are class numbers, 0/1, or values, of which `centre` is taken off before `scale`.
    """
    if loss == "cross_entropy":
        return math.log(num_classes), f"ln {num_classes}"
    if loss == "focal":
        value = (1.0 - 1.0 / num_classes) ** gamma * math.log(num_classes)
        return value, f"(1 - 1/{num_classes})^{gamma:g} ln {num_classes}"
    if loss == "bce":
        return math.log(2.0), "ln 2"
    scaled = (np.asarray(targets, dtype=np.float64) - centre) / scale
    if loss == "mse":
        return float(scaled.mean() ** 2 + scaled.var()), "mean² + variance of the scaled label"
    if loss == "l1":
        return float(np.abs(scaled).mean()), "mean size of the scaled label"
    return None


def constant_loss(
    loss: str, targets: np.ndarray, *, scale: float, centre: float = 0.0
) -> float | None:
    """What the best constant answer of a number costs: the variance, or the mean distance from the
    median."""
    scaled = (np.asarray(targets, dtype=np.float64) - centre) / scale
    if loss == "mse":
        return float(scaled.var())
    if loss == "l1":
        return float(np.abs(scaled - np.median(scaled)).mean())
    return None
