"""The predictions of every head for one answer, and their joint probabilities. Pure.

A head predicts one task of the answer, or the whole product at once. Layers of an ensemble turn
Predictions into Predictions; `joint` is the common answer space where all heads meet.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.ensembling.blending import mean_probs
from pipeline.ensembling.product import join_answers
from pipeline.labels.answers import marginal_probs, replace_marginal

WHOLE = "answer"  # the task of a head for the whole product
Change = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class HeadKey:
    """A member's head: the task it predicts, and its weight in a mean."""

    member: str
    task: str
    weight: float = 1.0


@dataclass(frozen=True)
class Predictions:
    """The predictions (V, N, C) of every head for N images in V views.

    `sizes` are the numbers of classes of the answer's tasks (1 for a score or a value); `rows` say
    which images these are; `clusters`, where known, which of them are taken for one person's.
    """

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
        """Whether the answer combines several tasks."""
        return len(self.tasks) > 1

    @property
    def num_views(self) -> int:
        """How many test-time views each head was asked with."""
        return len(self.probs[0])

    def of_task(self, task: str) -> np.ndarray:
        """The heads' (M, N, C) of a task, or of the whole; views averaged."""
        found = zip(self.heads, self.probs, strict=True)
        return np.array([probs.mean(axis=0) for head, probs in found if head.task == task])

    def weights_of(self, task: str) -> list[float]:
        """The weights of the heads of one task, in the order of the heads."""
        return [head.weight for head in self.heads if head.task == task]

    def blend(self, task: str, *, views: Sequence[int] | None = None) -> np.ndarray | None:
        """The weighted mean (N, C) of the heads of a task, over these views or all; None if no head
        predicts it."""
        found = zip(self.heads, self.probs, strict=True)
        chosen = slice(None) if views is None else list(views)
        votes = [probs[chosen].mean(axis=0) for head, probs in found if head.task == task]
        return mean_probs(votes, weights=self.weights_of(task)) if votes else None

    def blended(self, task: str, *, views: Sequence[int] | None = None) -> np.ndarray:
        """As blend, of a task that some head predicts."""
        found = self.blend(task, views=views)
        assert found is not None, f"no head predicts {task}"
        return found

    def joint(self) -> np.ndarray:
        """The probabilities (N, product) of all heads together, or the one task's (N, C)."""
        if not self.is_product:
            return self.blended(self.tasks[0])  # every head is of the one task
        totals = [sum(self.weights_of(task)) for task in self.tasks if self.weights_of(task)]
        return join_answers(
            self.blend(WHOLE),
            [self.blend(task) for task in self.tasks],
            sizes=self.sizes,
            weights=(sum(self.weights_of(WHOLE)) or 1.0, min(totals, default=1.0)),
        )

    def marginals(self) -> dict[str, np.ndarray]:
        """The probabilities (N, C) of each task by all heads together."""
        return {task: take_marginal(self, self.joint(), task) for task in self.tasks}

    def with_views(self, views: Mapping[str, Sequence[int]]) -> "Predictions":
        """Each head's mean over the views chosen for its task, in one view."""
        found = zip(self.heads, self.probs, strict=True)
        return self.with_probs([each[list(views[head.task])].mean(axis=0) for head, each in found])

    def with_probs(self, probs: Sequence[np.ndarray]) -> "Predictions":
        """The same heads with these (N, C) each, in one view."""
        return replace(self, probs=tuple(each[None] for each in probs))

    def combined(self, joint: np.ndarray) -> "Predictions":
        """One head in place of all."""
        task = WHOLE if self.is_product else self.tasks[0]
        return replace(self, heads=(HeadKey("stack", task),), probs=(joint[None],))

    def with_changes(self, changes: Sequence[Mapping[str, Change]]) -> "Predictions":
        """Each head's predictions changed by task; of a whole head, the tasks' marginals."""
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
    """One task's (N, C) of the probabilities of the whole answer."""
    if not predictions.is_product:
        return joint
    return marginal_probs(joint, sizes=predictions.sizes, task=predictions.tasks.index(task))
