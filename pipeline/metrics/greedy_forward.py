"""Which of several views are worth adding to the first: greedily, beyond an interval. Pure."""

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.metrics.metrics import Metric
from pipeline.metrics.paired import Difference, paired_difference


def choose_additions(
    num: int,
    answer: Callable[[Sequence[int]], np.ndarray],
    truth: np.ndarray,
    *,
    metric: Metric,
    person_ids: np.ndarray,
    group: np.ndarray | None = None,
    num_draws: int = 1000,
) -> list[int]:
    """Of `num` things the first and those that help it, in the order in which they came.

    `answer(chosen)` is what the metric looks at (N,). In every round the one that gains most among
    those whose gain lies beyond its interval is added, until none does.
    """
    chosen = [0]
    while len(chosen) < num:
        before = answer(chosen)
        gains = {}
        for other in (other for other in range(num) if other not in chosen):
            gains[other] = paired_difference(
                metric,
                truth,
                before,
                answer([*chosen, other]),
                person_ids=person_ids,
                group=group,
                num_draws=num_draws,
            )
        helping = [other for other, gain in gains.items() if gain.low > 0]
        if not helping:
            break
        chosen.append(max(helping, key=lambda other: gains[other].value))
    return chosen


def verdict(gain: Difference) -> str:
    """helps, hurts, or that it cannot be told, in words."""
    if gain.low > 0:
        return "helps"
    return "hurts" if gain.high < 0 else "not distinguishable"
