"""Two ways measured in turn on the same data, so that a busy machine slows both alike."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "cpu": time.process_time}


@dataclass(frozen=True)
class Pairs:
    """Seconds of both ways, one of each a repeat; cold caches come first and are not counted."""

    ours: tuple[float, ...]
    peer: tuple[float, ...]

    @property
    def ratios(self) -> list[float]:
        """How many times as long the peer took, repeat by repeat, smallest first."""
        return sorted(p / o for o, p in zip(self.ours, self.peer, strict=True))

    def rates(self, num: int) -> dict[str, float]:
        """Medians of both rates for `num` items a repeat, the median ratio and its range."""
        low, *_ = ratios = self.ratios
        return {
            "ours": num / median(self.ours),
            "peer": num / median(self.peer),
            "ratio": median(ratios),
            "low": low,
            "high": ratios[-1],
        }


def measure_pairs(
    ours: Callable[[Any], Any],
    peer: Callable[[Any], Any],
    parts: Sequence[Any],
    *,
    clock: str = "wall",
    ready: Callable[[], None] = lambda: None,
) -> tuple[Pairs, list[tuple[Any, Any]]]:
    """Both ways over every part, first the one and then the other in turn, and their answers.

    `ready` waits until all that was asked for is computed: what a GPU needs before a clock is read.
    """
    now, seconds, answers = CLOCKS[clock], ([], []), []
    for number, part in enumerate(parts):
        found: list[Any] = [None, None]
        for way in (0, 1) if number % 2 == 0 else (1, 0):
            ready()
            started = now()
            found[way] = (ours, peer)[way](part)
            ready()
            seconds[way].append(now() - started)
        answers.append((found[0], found[1]))
    return Pairs(tuple(seconds[0]), tuple(seconds[1])), answers
