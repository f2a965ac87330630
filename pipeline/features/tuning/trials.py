"""Short trainings beside the experiment: the cells of a grid, the trials of a study.

A trial is a cell of changed settings in a folder of its own, named by their hash: what was trained
once is read, and what was interrupted goes on from its checkpoint. Weights are not kept.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from pipeline.config import Experiment, fingerprint_of
from pipeline.experiment.fingerprints import study_base
from pipeline.experiment.images_table import read_labelled
from pipeline.experiment.lockbox import record_judged
from pipeline.experiment.tasks import member_tasks
from pipeline.features.tuning.ranges import merge_settings
from pipeline.metrics.metrics import find_metric
from pipeline.models.gradient import NotFiniteError
from pipeline.models.out_of_memory import is_out_of_memory
from pipeline.storage import Cell, Runs, display_path, read_json
from pipeline.training.cell import train_cell


@dataclass(frozen=True)
class TrialScores:
    """Held-out scores (higher is better) of the folds that came through, and the metric's name."""

    scores: tuple[float, ...]
    metric: str
    folder: str
    broken: str | None = None  # why it did not come through

    @property
    def score(self) -> float:
        """The mean over the folds."""
        return sum(self.scores) / len(self.scores)


@dataclass(frozen=True)
class Trial:
    """An experiment with changed settings, and its own folder beside the experiment's files."""

    settings: Experiment
    runs: Runs


def changed_trial(settings: Experiment, changes: Mapping[str, Any], *, member: str) -> Trial:
    """The same data with changed settings, its own files in a trial's folder.

    Raises ValueError, one sentence a line, for changes that the settings don't allow.
    """
    from pydantic import ValidationError

    raw = merge_settings(settings.model_dump(mode="json"), changes)
    try:
        changed = Experiment.model_validate_json(json.dumps(raw), strict=True)
    except ValidationError as error:
        said = "; ".join(problem["msg"] for problem in error.errors())
        keys = ", ".join(f"{key}={value!r}" for key, value in changes.items())
        raise ValueError(f"tune.ranges: {keys}: {said}") from None
    runs = Runs(changed)
    recipe = [study_base(changed, runs), changed.members[member].model_dump(mode="json")]
    return Trial(changed, runs.inside(fingerprint_of([member, *recipe])))


def run_trial(
    settings: Experiment,
    changes: Mapping[str, Any],
    *,
    member: str,
    folds: Sequence[int],
    device: torch.device,
    precision: str,
    prepare: Callable[[Experiment, Runs], None],
    after_fold: Callable[[int, float], bool] = lambda number, score: False,
) -> TrialScores:
    """Trains (or reads) the member with these changes on these folds.

    It ends early when a loss is not finite, or when `after_fold(number, score)` says so. `prepare`
    makes the trial's index, crops and folds where they are missing: a range over crop.* makes crops
    of its own.
    """
    trial = changed_trial(settings, changes, member=member)
    prepare(trial.settings, trial.runs)
    images = read_labelled(trial.runs)
    scores: list[float] = []
    metric = ""
    folder = display_path(trial.runs.experiment)
    for number, fold in enumerate(folds):
        cell = Cell(member, fold, trial.settings.members[member].seeds[0])
        try:
            if not trial.runs.done(cell).exists():
                train_cell(
                    trial.settings,
                    trial.runs,
                    cell,
                    images=images,
                    device=device,
                    precision=precision,
                )
                trial.runs.weights(cell).unlink(missing_ok=True)
        except (NotFiniteError, RuntimeError) as error:
            if isinstance(error, RuntimeError) and not is_out_of_memory(error):
                raise
            return TrialScores(tuple(scores), metric, folder, broken=str(error).split(";")[0])
        score, metric = held_out_score(trial.settings, trial.runs, cell)
        scores.append(score)
        record_judged(trial.runs, trial.settings)  # one more recipe was scored on these folds
        if after_fold(number, score):
            return TrialScores(tuple(scores), metric, folder, broken="pruned")
    return TrialScores(tuple(scores), metric, folder)


def held_out_score(settings: Experiment, runs: Runs, cell: Cell) -> tuple[float, str]:
    """The best epoch's metric on the held-out people, higher is better, and its name.

    The metric of the member's one task or of the answer; else the held-out loss, turned round.
    """
    rows = [json.loads(line) for line in runs.history(cell).read_text().splitlines()]
    row = rows[read_json(runs.done(cell))["best_epoch"] - 1]
    tasks = member_tasks(settings, settings.members[cell.member])
    judged = [("answer", settings.competition.metric_name)]
    if len(tasks) == 1:
        judged.insert(0, (tasks[0].name, tasks[0].metric))
    for task, metric in judged:
        name = f"{task}.{metric}"
        if name in row and not math.isnan(row[name]):
            return find_metric(metric).as_score(row[name]), name
    return -row["held_out_loss"], "held-out loss"
