"""What a metric is: its direction, its kinds of task, and its value in drawn people. Pure.

Most metrics are a function of sums over images. Such a metric counts every person's images once;
its value for any draw of people then follows from these counts. A metric of the order of scores is
computed with a weight for each image. Both are exact.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import overload

import numpy as np

from pipeline.labels.tasks import is_labelled

_MOST_WEIGHTS = 100_000  # weights of images that are held at once: what a cache can hold
# a user's own function is slow (a millisecond and more), and the end of an interval does not need
# a thousand draws: the draws after these are not computed
MOST_CALLS = 200
NAN = float("nan")


@dataclass(frozen=True)
class People:
    """Whose each of the N images is: turns sums over images into sums (P,) over each person's."""

    codes: np.ndarray | None = None  # (N,) a person's number, from 0 on; None: all are one person's
    num: int = 1

    def sum(self, column: np.ndarray, *, where: np.ndarray | None = None) -> np.ndarray:
        """The sums (P,) of a column (N,), of the images `where` (N,) is true."""
        if self.codes is None:  # numpy's pairwise sum: the last digits are those of np.mean
            picked = column if where is None else column[where]
            return np.array([picked.sum()], dtype=np.float64)
        weights = column if where is None else column * where
        return np.bincount(self.codes, weights=weights, minlength=self.num)

    def count(self, classes: np.ndarray, *, num_classes: int) -> np.ndarray:
        """How many images (P, C) of each person are of each class (N,); a class below 0 is none."""
        known = classes >= 0
        cells = classes[known]
        if self.codes is not None:
            cells = self.codes[known] * num_classes + cells
        counts = np.bincount(cells, minlength=self.num * num_classes)
        return counts.reshape(self.num, num_classes).astype(np.float64)


# (truth (N,), answer (N,) or (N, C), group (N,) or None, people) -> (P, K)
Count = Callable[[np.ndarray, np.ndarray, np.ndarray | None, People], np.ndarray]
Value = Callable[[np.ndarray], np.ndarray]  # counts (..., K) -> (...)
# (truth, answer) -> a function of weights (D, N) that gives the D values
Weighted = Callable[[np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]]


@dataclass(frozen=True)
class Metric:
    """A metric by its name. It has `count` and `value`, or `weighted`, or `function`."""

    name: str
    says: str  # one line of help
    higher_is_better: bool
    kinds: tuple[str, ...]
    count: Count | None = None
    value: Value | None = None
    weighted: Weighted | None = None
    function: Callable[[np.ndarray, np.ndarray], float] | None = None  # of a user's own
    # decision: the class, 0/1 or value (N,); score: a number (N,) of which only the order counts;
    # probs: the probabilities (N, C), of a binary task that of its second class (N,)
    looks_at: str = "decision"
    by_class: Callable[["ClassCounts"], np.ndarray] | None = None  # of decided classes
    distance: int = 0  # of by_class: costs of a wrong class grow with this power of |i - j|
    low: float = 0.0  # the least value that it can have
    high: float = 1.0
    needs_group: bool = False
    one_sided: bool = False  # a constant answer can be perfect: only half of the truth
    order_only: bool = False  # no line through a number's answers changes it
    each_label_alone: bool = False  # of labels: their mean, so each is decided by itself
    of_labels: "Metric | None" = None  # the same of images with several labels, truth (N, C)
    gamed_by: str = ""  # how it improves by answers that are worse for some people

    def compute(
        self, truth: np.ndarray, answer: np.ndarray, group: np.ndarray | None = None
    ) -> float:
        """The value for N images, those without a label left out (a truth of -1 or NaN).

        NaN where none has a label. Raises ValueError when the group it needs is not given.
        """
        if self.of_labels is not None and np.ndim(truth) == 2:
            return self.of_labels.compute(truth, answer)
        self._check_group(group)
        truth, answer = np.asarray(truth), np.asarray(answer)
        known = is_labelled(truth)
        if not known.all():
            if not known.any():
                return NAN
            group = None if group is None else group[known]
            truth, answer = truth[known], answer[known]
        if self.count is not None and self.value is not None:
            with np.errstate(invalid="ignore", divide="ignore"):
                return float(self.value(self.count(truth, answer, group, People()))[0])
        if self.weighted is not None:
            return float(self.weighted(truth, answer)(np.ones((1, len(truth))))[0])
        assert self.function is not None, self.name
        return float(self.function(truth, answer))

    def in_draws(
        self,
        truth: np.ndarray,
        answer: np.ndarray,
        group: np.ndarray | None = None,
        *,
        people: People,
    ) -> Callable[[np.ndarray], np.ndarray]:
        """A function of how often (D, P) people are drawn that gives the D values, of the images
        that have a label."""
        if self.of_labels is not None and np.ndim(truth) == 2:
            return self.of_labels.in_draws(truth, answer, people=people)
        self._check_group(group)
        truth, answer = np.asarray(truth), np.asarray(answer)
        known = is_labelled(truth)
        if not known.all():
            group = None if group is None else group[known]
            truth, answer = truth[known], answer[known]
            if people.codes is not None:
                people = People(people.codes[known], people.num)
        if self.count is not None and self.value is not None:
            counts = self.count(truth, answer, group, people)
            value = self.value

            def from_counts(times: np.ndarray) -> np.ndarray:
                with np.errstate(invalid="ignore", divide="ignore"):
                    return value(times @ counts)

            return from_counts
        of_weights = self._of_weights(truth, answer)
        block = max(1, _MOST_WEIGHTS // max(len(truth), 1))

        def from_weights(times: np.ndarray) -> np.ndarray:
            starts = range(0, len(times), block)
            return np.concatenate(
                [of_weights(times[start : start + block][:, people.codes]) for start in starts]
            )

        return from_weights

    @overload
    def as_score(self, value: float) -> float: ...

    @overload
    def as_score(self, value: np.ndarray) -> np.ndarray: ...

    def as_score(self, value: float | np.ndarray) -> float | np.ndarray:
        """The value turned so that higher is better."""
        return value if self.higher_is_better else -value

    def _of_weights(
        self, truth: np.ndarray, answer: np.ndarray
    ) -> Callable[[np.ndarray], np.ndarray]:
        if self.weighted is not None:
            return self.weighted(truth, answer)

        num_calls = 0

        def repeat_images(weights: np.ndarray) -> np.ndarray:
            """The value of each draw, an image that is drawn twice given to the function twice;
            NaN after the first MOST_CALLS draws."""
            nonlocal num_calls
            values = np.full(len(weights), NAN)
            for place, times in enumerate(weights[: MOST_CALLS - num_calls]):
                rows = np.repeat(np.arange(len(truth)), times.astype(np.int64))
                values[place] = self.compute(truth[rows], answer[rows])
            num_calls = min(num_calls + len(weights), MOST_CALLS)
            return values

        return repeat_images

    def _check_group(self, group: np.ndarray | None) -> None:
        if self.needs_group and group is None:
            raise ValueError(f"{self.name} needs a group; give the task `group:`")


@dataclass(frozen=True)
class ClassCounts:
    """Images by class (..., C): right answers, true ones, answered ones; and the cost (...) of all
    answers."""

    hits: np.ndarray
    true: np.ndarray
    answered: np.ndarray
    cost: np.ndarray


def share(part: np.ndarray, whole: np.ndarray, *, empty: float = NAN) -> np.ndarray:
    """part / whole, and `empty` where the whole is not above 0."""
    out = np.full(np.broadcast_shapes(np.shape(part), np.shape(whole)), empty)
    return np.divide(part, whole, out=out, where=whole > 0)
