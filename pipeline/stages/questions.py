"""What is asked of every answer to the held-out pictures; shared by evaluate and ensemble."""

from collections.abc import Collection

import numpy as np

from pipeline.labels.tasks import Task
from pipeline.scoring.answers import AnswerSpace
from pipeline.scoring.baselines import constant_answers
from pipeline.scoring.metrics import METRICS
from pipeline.scoring.rows import Held, Question
from pipeline.stages import Work
from pipeline.stages.blend import answer_spaces
from pipeline.stages.members import contest_tasks, group_of, read_labelled, targets_of


class Questions:
    """The held-out pictures, with the truth, the metric and the best constant answer of each task.

    The constants are learnt from all labelled pictures of the other folds, held out or not.
    """

    def __init__(self, work: Work, *, held_out: Collection[str]) -> None:
        everything = read_labelled(work.runs)
        self._is_held = everything["image_id"].isin(held_out).to_numpy()
        self._folds = everything["fold"].to_numpy()
        self._everything, self._known = everything, {}
        self.tasks, self.spaces = contest_tasks(work.settings), answer_spaces(work.settings)
        self._targets = targets_of(self.tasks, everything)
        self.pictures = everything[self._is_held].reset_index(drop=True)
        folds = self._folds[self._is_held]
        sizes = [(self._folds == fold).sum() for fold in np.unique(folds)]
        self.held = Held(
            folds=folds,
            person_ids=self.pictures["person_id"].astype(str).to_numpy(),
            num_draws=work.settings.bootstrap,
            test_share=float(np.mean([n / max(len(everything) - n, 1) for n in sizes])),
        )

    def of_task(self, task: Task, metric_name: str) -> Question:
        """What a metric asks of one task."""
        return self._ask(task.name, metric_name, task.kind, self._targets[task.name], task)

    def of_space(self, space: AnswerSpace) -> Question:
        """What the contest's metric asks of an answer."""
        truth = space.truth(self._targets)
        return self._ask(space.name, space.metric_name, space.kind, truth, space.tasks[0])

    def _ask(self, name: str, metric_name: str, kind: str, truth: np.ndarray, task: Task):
        key = (name, metric_name)
        if key not in self._known:
            group, metric = group_of(task, self._everything), METRICS[metric_name]
            constant = constant_answers(metric, truth, folds=self._folds, kind=kind, group=group)
            held = self._is_held
            self._known[key] = Question(
                task=name,
                metric_name=metric_name,
                metric=metric,
                truth=truth[held],
                constant=constant[held],
                group=None if group is None else group[held],
            )
        return self._known[key]
