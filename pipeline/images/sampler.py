"""Which image comes when, and with which seed: pure functions of (seed, epoch, image).

Every sample carries its own augmentation seed. So the stream is the same with any number of workers
and after a restart, and differs between images and epochs.
"""

from collections.abc import Iterator, Sequence

import numpy as np

Sample = tuple[int, int]  # position in the data set, augmentation seed


class EpochSampler:
    """Batches of samples for the epoch that is set; a new order and new seeds every epoch.

    `per_group` takes the first so many of each group; `chances` (N,) draws as many as there are,
    with replacement, in proportion; `repeats` passes over the data so often in one epoch.
    """

    def __init__(
        self,
        num_samples: int,
        *,
        batch_size: int,
        seed: int,
        groups: Sequence[str] | None = None,
        per_group: int | None = None,
        chances: np.ndarray | None = None,
        repeats: int = 1,
    ) -> None:
        self.num_samples, self.batch_size, self.seed = num_samples, batch_size, seed
        self.groups = (
            None if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
        )
        self.per_group, self.chances, self.repeats = per_group, chances, repeats
        self.epoch = 0

    def __iter__(self) -> Iterator[list[Sample]]:
        samples = [sample for number in range(self.repeats) for sample in self._pass(number)]
        for start in range(0, len(samples), self.batch_size):
            batch = samples[start : start + self.batch_size]
            if len(batch) > 1 or start == 0:  # BatchNorm can't train on a last batch of one
                yield batch

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _pass(self, number: int) -> list[Sample]:
        """The samples of one pass over the data, in their order."""
        rng = np.random.default_rng([self.seed, self.epoch, 2 * number])
        order = rng.permutation(self.num_samples)
        if self.per_group is not None and self.groups is not None:
            order = _first_of_each(order, groups=self.groups, number=self.per_group)
        seeds = np.random.default_rng([self.seed, self.epoch, 2 * number + 1]).integers(
            2**31, size=self.num_samples
        )
        if self.chances is None:
            return [(int(i), int(seeds[i])) for i in order]
        chances = self.chances[order] / self.chances[order].sum()
        drawn = rng.choice(order, size=len(order), p=chances)
        return [(int(i), int(seed)) for i, seed in zip(drawn, seeds, strict=False)]


def balanced_chances(codes: np.ndarray) -> np.ndarray:
    """The chance (N,) of each sample with which all codes (N,) are drawn equally often: 1 / count.

    A sample without a code (-1) has the mean chance of the others.
    """
    known = codes >= 0
    _, places, counts = np.unique(codes[known], return_inverse=True, return_counts=True)
    chances = np.empty(len(codes))
    chances[known] = 1.0 / counts[places]
    chances[~known] = chances[known].mean() if known.any() else 1.0
    return chances


def _first_of_each(order: np.ndarray, *, groups: np.ndarray, number: int) -> np.ndarray:
    """The order without what comes after the first `number` of each group."""
    by_group = np.argsort(groups[order], kind="stable")
    sorted_groups = groups[order][by_group]
    starts = np.searchsorted(sorted_groups, sorted_groups)
    kept = by_group[np.arange(len(order)) - starts < number]
    return order[np.sort(kept)]


def in_order(num_samples: int, *, batch_size: int) -> list[list[Sample]]:
    """Batches of all samples in their order, for evaluation (no augmentation, so seed 0)."""
    positions = range(num_samples)
    return [
        [(i, 0) for i in positions[start : start + batch_size]]
        for start in range(0, num_samples, batch_size)
    ]
