"""The held-out images with what judges predictions of them: truth, metric and best constant."""

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.blend import answer_spaces
from pipeline.experiment.grouping import read_grouping
from pipeline.experiment.images_table import held_out, read_labelled, scored_split
from pipeline.experiment.tasks import contest_tasks, group_of, targets_of
from pipeline.labels.answer_groups import GROUP, group_rows, is_grouped
from pipeline.labels.tasks import Task
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.baselines import constant_answers
from pipeline.metrics.metrics import find_metric
from pipeline.metrics.score_rows import EvaluationSplit, EvaluationTarget
from pipeline.storage import Runs, display_path


class EvaluationSet:
    """The held-out images, with the truth, the metric and the best constant answer of each task.

    With `per_answer` a row is an answer: where several images are answered together, it is their
    group.
    """

    def __init__(
        self,
        settings: Experiment,
        runs: Runs,
        *,
        held_out: Collection[str],
        per_answer: bool = False,
    ) -> None:
        everything = read_labelled(runs)
        is_held = everything["image_id"].isin(held_out)
        self.labelled = everything[is_held].reset_index(drop=True)  # a row an image
        per = ""
        if per_answer and is_grouped(everything):
            per = settings.competition.answered_per
            everything = group_rows(everything, contest_tasks(settings))
            is_held = everything["image_id"].isin(self.labelled[GROUP])
        self._is_held = is_held.to_numpy()
        all_folds = everything[scored_split(settings)].to_numpy()
        self._everything = everything
        self._known: dict[tuple[str, str], EvaluationTarget] = {}  # by task and metric
        self.tasks = contest_tasks(settings)
        self.spaces = answer_spaces(settings)
        self._targets = targets_of(self.tasks, everything)
        self.images = everything[self._is_held].reset_index(drop=True)
        folds = all_folds[self._is_held]
        sizes = [(all_folds == fold).sum() for fold in np.unique(folds)]
        self.split = EvaluationSplit(
            folds=folds,
            person_ids=self.images["person_id"].astype(str).to_numpy(),
            num_draws=settings.bootstrap,
            test_share=float(np.mean([n / max(len(everything) - n, 1) for n in sizes])),
            unit=read_grouping(runs).unit,
            per=per,
        )

    @classmethod
    def of_tables(
        cls,
        settings: Experiment,
        runs: Runs,
        tables: Mapping[str, pd.DataFrame],
        *,
        per_answer: bool = False,
    ) -> "EvaluationSet":
        """The evaluation set of the images in members' OOF tables.

        Raises ValueError when an image is in another fold than when a member was trained.
        """
        found = set(next(iter(tables.values()))["image_id"])
        evaluation = cls(settings, runs, held_out=found, per_answer=per_answer)
        images = evaluation.labelled
        for name, table in tables.items():
            seen = table[["image_id", "fold"]].drop_duplicates()
            for fold, rows in seen.groupby("fold"):
                split = images.loc[held_out(settings, images, int(fold))]
                moved = rows.loc[~rows["image_id"].isin(split["image_id"]), "image_id"]
                if len(moved):
                    raise ValueError(
                        f"{moved.iloc[0]}: {name} was trained with it held out in fold {fold}, but "
                        f"{display_path(runs.folds)} says otherwise now, so its "
                        "scores would not be "
                        "out of fold; train again under a new name"
                    )
        return evaluation

    def of_task(self, task: Task, metric_name: str) -> EvaluationTarget:
        """One task's truth, judged by one metric."""
        truth = self._targets[task.name]
        return self._target(task.name, metric_name, kind=task.kind, truth=truth, task=task)

    def of_space(self, space: AnswerSpace) -> EvaluationTarget:
        """An answer's truth, judged by the contest's metric."""
        return self._target(
            space.name,
            space.metric_name,
            kind=space.kind,
            truth=space.truth(self._targets),
            task=space.tasks[0],
        )

    def _target(
        self, name: str, metric_name: str, *, kind: str, truth: np.ndarray, task: Task
    ) -> EvaluationTarget:
        """The target of all labelled images cut to the held-out ones; `task` has the group."""
        key = (name, metric_name)
        if key not in self._known:
            metric = find_metric(metric_name)
            truth = truth[self._is_held]
            group = group_of(task, self._everything)
            group = None if group is None else group[self._is_held]
            self._known[key] = EvaluationTarget(
                task=name,
                metric_name=metric_name,
                metric=metric,
                truth=truth,
                constant=constant_answers(metric, truth, kind=kind, group=group),
                group=group,
            )
        return self._known[key]
