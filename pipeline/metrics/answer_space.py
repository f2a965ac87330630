"""The contest's answer as it is scored: one task, several multiplied into one, or one of several
columns. Its classes, its truth and the decisions in it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.labels.answers import combine_classes, combine_names, combine_probs
from pipeline.labels.kinds import COLUMN_A_CLASS
from pipeline.labels.tasks import Task, decide
from pipeline.metrics.metrics import Metric, find_metric

ANSWER = "answer"
Threshold = float | Sequence[float]  # of a score; of several labels one for all or one each


@dataclass(frozen=True)
class AnswerSpace:
    """One answer: its name (`answer`, or the task's when there are several columns), its tasks
    (several are multiplied, the first changing slowest) and the metric that judges it."""

    name: str
    tasks: tuple[Task, ...]
    metric_name: str

    @property
    def metric(self) -> Metric:
        """The metric by its name."""
        return find_metric(self.metric_name)

    @property
    def is_product(self) -> bool:
        """Whether the answer combines several tasks."""
        return len(self.tasks) > 1

    @property
    def kind(self) -> str:
        """A product's kind is multiclass, another's that of its task."""
        return "multiclass" if self.is_product else self.tasks[0].kind

    @property
    def sizes(self) -> list[int]:
        """How many classes each task has."""
        return [len(task.classes) for task in self.tasks]

    @property
    def classes(self) -> list[str]:
        """Names of the classes in the order of their numbers; none for a number."""
        if not self.is_product:
            return list(self.tasks[0].classes)
        return combine_names([task.classes for task in self.tasks])

    @property
    def num_columns(self) -> int:
        """How many columns its probabilities or values have."""
        return len(self.classes) if self.is_product else self.tasks[0].num_columns

    def truth(self, targets: Mapping[str, np.ndarray]) -> np.ndarray:
        """(N,) the true combined class, 0/1 or value; (N, C) of several labels."""
        if not self.is_product:
            return targets[self.tasks[0].name]
        return combine_classes([targets[task.name] for task in self.tasks], sizes=self.sizes)

    def probs(self, probs: Mapping[str, np.ndarray]) -> np.ndarray:
        """(N, C) probabilities of the combined classes, or the score or value (N, 1)."""
        return combine_probs([probs[task.name] for task in self.tasks])

    def decide(self, joint: np.ndarray, *, threshold: Threshold = 0.5) -> np.ndarray:
        """(N,) the answer, (N, C) of several labels; thresholds are of scores and labels."""
        if self.is_product:
            return joint.argmax(axis=1)
        return decide(self.tasks[0], joint, threshold=threshold)

    def scored(self, joint: np.ndarray, *, threshold: Threshold = 0.5) -> np.ndarray:
        """(N,) or (N, C) what the metric looks at: the answer, the score, or all probabilities."""
        return self.seen(joint, self.decide(joint, threshold=threshold))

    def seen(self, joint: np.ndarray, decided: np.ndarray) -> np.ndarray:
        """(N,) or (N, C) what the metric looks at, of probabilities and their answers (N,)."""
        if self.metric.looks_at == "decision":
            return decided
        return _undecided(self.kind, joint)


def seen_by(metric: Metric, task: Task, probs: np.ndarray) -> np.ndarray:
    """(N,) or (N, C) what a metric looks at in a task's probabilities (N, C): the answer, the
    score, or all of them."""
    if metric.looks_at == "decision":
        return decide(task, probs)
    return _undecided(task.kind, probs)


def _undecided(kind: str, probs: np.ndarray) -> np.ndarray:
    """Probabilities (N, C) of classes or labels as they are; of other kinds the one column (N,)."""
    return probs if kind in COLUMN_A_CLASS else probs[:, 0]
