"""audit, second part: what folds that part one person's images are worth, measured with a probe."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.data_summary import label_words
from pipeline.features.audit.probing import describe_probe, probe_tasks
from pipeline.folds.assignment import assign_folds
from pipeline.labels.tasks import Task
from pipeline.labels.units import Unit
from pipeline.metrics.answer_space import seen_by
from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.paired import paired_difference, show_number, without_noise
from pipeline.metrics.score_rows import EvaluationTarget
from pipeline.preprocessing.fold_labels import NO_LABEL
from pipeline.storage import Runs, write_table

Answers = dict[str, np.ndarray]  # by task the predictions in the form that its metric expects
KEPT, OWN, LABELS = "kept together", "the experiment's folds", "folds by label"


def probe_leaks(
    settings: Experiment,
    runs: Runs,
    sample: pd.DataFrame,
    features: np.ndarray,
    *,
    people: np.ndarray,
) -> tuple[pd.DataFrame, list[str]]:
    """The scores of the probe under each way to make folds, with the gaps, and the sentences.

    `sample` are labelled images sorted by image_id, `features` (n, d) what the probe sees of them,
    `people` (n,) who is in them when copies, and look-alikes where nobody is named, count as one.
    """
    evaluation = EvaluationSet(settings, runs, held_out=set(sample["image_id"]))
    ways = _ways(
        sample, people, evaluation.tasks, num_folds=settings.folds.num, seed=settings.audit.seed
    )
    answers = {way: _answer(evaluation, features, folds) for way, folds in ways.items()}
    targets = {task.name: evaluation.of_task(task, task.metric) for task in evaluation.tasks}
    for space in evaluation.spaces:
        if space.is_product:
            targets[space.name] = evaluation.of_space(space)
    rows = []
    for name, target in targets.items():
        for way in ways:
            row = _row(
                target,
                answers[way][name],
                kept=answers[KEPT][name],
                is_kept=way == KEPT,
                people=people,
                num_draws=settings.bootstrap,
            )
            rows.append({"task": name, "metric": target.metric_name, "folds": way, **row})
    frame = pd.DataFrame(rows)
    write_table(runs.audited("leaks.csv"), frame)
    unit = evaluation.split.unit
    lines = list(
        _lines(frame, people=people, probe=describe_probe(settings.audit.backbone), unit=unit)
    )
    return frame, lines


def _ways(
    sample: pd.DataFrame, people: np.ndarray, tasks: list[Task], *, num_folds: int, seed: int
) -> dict[str, np.ndarray]:
    """The folds (n,) by name: with people kept together first. The experiment's own where they part
    somebody; folds by label where anybody has two images."""
    own = sample["fold"].to_numpy()
    words = label_words(tasks, sample).astype(object).fillna(NO_LABEL).astype(str)
    are_parted = (pd.Series(own).groupby(people).nunique() > 1).any()
    if not are_parted:
        ways = {KEPT: own}
    else:
        ways = {KEPT: assign_folds(people, words, num_folds=num_folds, seed=seed), OWN: own}
    if len(np.unique(people)) < len(people):
        ways[LABELS] = assign_folds(people, words, num_folds=num_folds, seed=seed, by="label")
    return ways


def _answer(evaluation: EvaluationSet, features: np.ndarray, folds: np.ndarray) -> Answers:
    """Predictions of the linear probe in the form that each metric expects."""
    truths = {task.name: evaluation.of_task(task, task.metric).truth for task in evaluation.tasks}
    probs = probe_tasks(evaluation.tasks, truths, features, folds)
    answers = {}
    for task in evaluation.tasks:
        metric = evaluation.of_task(task, task.metric).metric
        answers[task.name] = seen_by(metric, task, probs[task.name])
    for space in evaluation.spaces:
        if space.is_product:
            answers[space.name] = space.scored(space.probs(probs))
    return answers


def _row(
    target: EvaluationTarget,
    answer: np.ndarray,
    *,
    kept: np.ndarray,
    is_kept: bool,
    people: np.ndarray,
    num_draws: int,
) -> dict:
    """The score of answers (n,) and its gap to those of folds that keep people together."""
    metric, truth, group = target.metric, target.truth, target.group
    low, high = person_interval(
        metric, truth, answer, person_ids=people, group=group, num_draws=num_draws
    )
    row = {"value": metric.compute(truth, answer, group), "low": low, "high": high}
    row |= dict.fromkeys(("gap", "gap_low", "gap_high"), float("nan"))
    if not is_kept:
        gap = paired_difference(
            metric, truth, kept, answer, person_ids=people, group=group, num_draws=num_draws
        )
        row |= {"gap": gap.value, "gap_low": gap.low, "gap_high": gap.high}
    return row | {"num_images": len(truth), "num_people": len(np.unique(people))}


def _lines(frame: pd.DataFrame, *, people: np.ndarray, probe: str, unit: Unit) -> Iterator[str]:
    """What the probe found, in sentences."""
    ways = set(frame["folds"])
    num_people = len(np.unique(people))
    counted = "people (copies counted as one)"
    if unit != "people":
        counted = "groups (copies and look-alikes counted as one)"
    yield f"leak probe: {probe}, {len(people):,} train images of {num_people:,} {counted}"
    if OWN not in ways and LABELS not in ways:
        found = "nobody has two images" if unit == "people" else "no two images look alike"
        yield f"  {found}, so no folds can part them: nothing to measure"
        return
    yield from _gap_lines(frame, OWN, "this experiment's own folds", verb="flatter")
    ignored = "people" if unit == "people" else "look-alikes"
    yield from _gap_lines(frame, LABELS, f"folds that ignore {ignored}", verb="would flatter")
    if OWN not in ways and unit == "people":
        yield "  this experiment's folds keep everybody together: no such gap in its scores"
    elif OWN not in ways:
        yield (
            "  this experiment's folds keep these look-alikes together; people who look different "
            "on another occasion can still be in two"
        )
    elif unit != "people":
        yield (
            "  this is what look-alikes alone are worth to a simple model; people who look "
            "different on another occasion come on top"
        )


def _gap_lines(frame: pd.DataFrame, way: str, folds: str, *, verb: str) -> Iterator[str]:
    """A sentence a task: by how much one way to make folds flatters the probe."""
    kept = frame[frame["folds"] == KEPT].set_index("task")["value"]
    for row in frame[frame["folds"] == way].to_dict("records"):
        interval = f"95 % {show_gap(row['gap_low'])}..{show_gap(row['gap_high'])}"
        gap = show_gap(row["gap"])
        what = f"{row['task']} {row['metric']}"
        if row["gap_low"] > 0:
            values = f"{show_number(kept[row['task']])} becomes {show_number(row['value'])}"
            yield f"  {folds} {verb} {what} by {gap} ({interval}): {values}"
        else:
            yield f"  {folds} don't measurably flatter {what}: {gap} ({interval})"


def show_gap(value: float) -> str:
    """Three decimals, more for what is smaller; 0 for what is only the rounding of floats."""
    value = without_noise(value)
    if not value:
        return "0"
    return f"{value:.3f}" if abs(value) >= 0.01 else f"{value:.2g}"
