"""What every voter says of one answer, whatever its formulation, and what they say together. Pure.

A voter is a member's head: for one task of the answer, or for the whole product at once. Layers of
an ensemble change ballots into ballots; `joint` is the common answer space where all of them meet.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.ensembling.blending import mean_probs
from pipeline.ensembling.product import join_answers
from pipeline.labels.answers import marginal_probs, replace_marginal

WHOLE = "answer"  # the task of a voter for the whole product
Change = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class HeadKey:
    """A member's head: the task it answers, and its weight in a mean."""

    member: str
    task: str
    weight: float = 1.0


@dataclass(frozen=True)
class Predictions:
    """The predictions (V, N, C) of every voter for N images in V views; the answer's tasks with
    their number of classes (1 for a score or a number); `rows` say which images these are, and
    `clusters`, where known, which of them are taken for one person's."""

    heads: tuple[HeadKey, ...]
    probs: tuple[np.ndarray, ...]
    tasks: tuple[str, ...]
    sizes: tuple[int, ...]
    rows: np.ndarray
    clusters: np.ndarray | None = None

    def __getitem__(self, rows: np.ndarray) -> "Predictions":
        clusters = None if self.clusters is None else self.clusters[rows]
        probs = tuple(each[:, rows] for each in self.probs)
        return replace(self, probs=probs, rows=self.rows[rows], clusters=clusters)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def is_product(self) -> bool:
        return len(self.tasks) > 1

    @property
    def num_views(self) -> int:
        return len(self.probs[0])

    def of_task(self, task: str) -> np.ndarray:
        """The voters' (M, N, C) for a task, or for the whole; views averaged."""
        found = zip(self.heads, self.probs, strict=True)
        return np.array([probs.mean(axis=0) for head, probs in found if head.task == task])

    def weights_of(self, task: str) -> list[float]:
        return [head.weight for head in self.heads if head.task == task]

    def blend(self, task: str, *, views: Sequence[int] | None = None) -> np.ndarray | None:
        """The weighted mean (N, C) of the voters for a task, over these views or all; None if none.
        Of a task that only whole voters answer it is their marginal."""
        found = zip(self.heads, self.probs, strict=True)
        chosen = slice(None) if views is None else list(views)
        votes = [probs[chosen].mean(axis=0) for head, probs in found if head.task == task]
        return mean_probs(votes, weights=self.weights_of(task)) if votes else None

    def joint(self) -> np.ndarray:
        """What all voters say together (N, product), or the one task's (N, C)."""
        if not self.is_product:
            return self.blend(self.tasks[0])
        totals = [sum(self.weights_of(task)) for task in self.tasks if self.weights_of(task)]
        return join_answers(
            self.blend(WHOLE),
            [self.blend(task) for task in self.tasks],
            sizes=self.sizes,
            weights=(sum(self.weights_of(WHOLE)) or 1.0, min(totals, default=1.0)),
        )

    def marginals(self) -> dict[str, np.ndarray]:
        """What all say together of each task (N, C)."""
        return {task: take_marginal(self, self.joint(), task) for task in self.tasks}

    def see(self, views: Mapping[str, Sequence[int]]) -> "Predictions":
        """Each voter's mean over the views chosen for its task, in one view."""
        found = zip(self.heads, self.probs, strict=True)
        return self.with_probs([each[list(views[v.task])].mean(axis=0) for v, each in found])

    def with_probs(self, probs: Sequence[np.ndarray]) -> "Predictions":
        """The same voters saying this (N, C) each, in one view."""
        return replace(self, probs=tuple(each[None] for each in probs))

    def combined(self, joint: np.ndarray) -> "Predictions":
        """One voter in place of all."""
        task = WHOLE if self.is_product else self.tasks[0]
        return replace(self, heads=(HeadKey("stack", task),), probs=(joint[None],))

    def change(self, changes: Sequence[Mapping[str, Change]]) -> "Predictions":
        """Each voter's predictions changed by task; of a whole voter the tasks' marginals are."""
        probs = []
        for head, each, by_task in zip(self.heads, self.probs, changes, strict=True):
            seen = each.mean(axis=0)
            if head.task != WHOLE:
                seen = by_task[head.task](seen)
            for place, task in enumerate(self.tasks if head.task == WHOLE else ()):
                marginal = by_task[task](marginal_probs(seen, sizes=self.sizes, task=place))
                seen = replace_marginal(seen, marginal, sizes=self.sizes, task=place)
            probs.append(seen)
        return self.with_probs(probs)


def take_marginal(predictions: Predictions, joint: np.ndarray, task: str) -> np.ndarray:
    """One task's (N, C) of what stands for the whole answer."""
    if not predictions.is_product:
        return joint
    return marginal_probs(joint, sizes=predictions.sizes, task=predictions.tasks.index(task))
