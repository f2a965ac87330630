"""audit, second part: what folds that part nobody's images are worth, measured with a probe."""

import numpy as np
import pandas as pd

from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.data_summary import label_words
from pipeline.experiment.work import Work
from pipeline.features.audit.probing import describe_probe, probe_tasks
from pipeline.folds.assignment import assign_folds
from pipeline.labels.tasks import Task
from pipeline.metrics.answer_space import seen_by
from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.paired import paired_difference, show_number
from pipeline.metrics.score_rows import EvaluationTarget
from pipeline.storage import write_table

Answers = dict[str, np.ndarray]  # what each question's metric looks at, by task
KEPT, OWN, LABELS = "people kept together", "the experiment's folds", "folds by label"


def probe_leaks(
    work: Work, sample: pd.DataFrame, features: np.ndarray, *, people: np.ndarray
) -> tuple[pd.DataFrame, list[str]]:
    """The scores of the probe under each way to make folds, with the gaps, and the sentences.

    `sample` are labelled images sorted by image_id, `people` (n,) who is in them when copies
    count as one person.
    """
    evaluation = EvaluationSet(work, held_out=set(sample["image_id"]))
    ways = _ways(work, sample, people, evaluation.tasks)
    answers = {way: _answer(evaluation, features, folds) for way, folds in ways.items()}
    targets = {task.name: evaluation.of_task(task, task.metric) for task in evaluation.tasks}
    targets |= {s.name: evaluation.of_space(s) for s in evaluation.spaces if s.is_product}
    rows = []
    for name, target in targets.items():
        for way in ways:
            rows.append(_row(work, target, name, way, answers, people=people))
    frame = pd.DataFrame(rows)
    write_table(work.runs.audited("leaks.csv"), frame)
    return frame, list(_lines(work, frame, sample, people, ways))


def _ways(
    work: Work, sample: pd.DataFrame, people: np.ndarray, tasks: list[Task]
) -> dict[str, np.ndarray]:
    """The folds (n,) by name: with people kept together first. The experiment's own where they part
    somebody; folds by label where anybody has two images."""
    own, words = sample["fold"].to_numpy(), label_words(tasks, sample).astype(str)
    options = {"num_folds": work.settings.folds.num, "seed": work.settings.audit.seed}
    parted = (pd.Series(own).groupby(people).nunique() > 1).any()
    ways = {KEPT: assign_folds(people, words, **options) if parted else own}
    if parted:
        ways[OWN] = own
    if len(np.unique(people)) < len(people):
        ways[LABELS] = assign_folds(people, words, by="label", **options)
    return ways


def _answer(evaluation: EvaluationSet, features: np.ndarray, folds: np.ndarray) -> Answers:
    """What every question's metric looks at in the probe's answers."""
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
    work: Work,
    target: EvaluationTarget,
    name: str,
    way: str,
    answers: dict[str, Answers],
    *,
    people: np.ndarray,
) -> dict:
    metric, truth, group = target.metric, target.truth, target.group
    drawn = {"person_ids": people, "group": group, "num_draws": work.settings.bootstrap}
    answer, kept = answers[way][name], answers[KEPT][name]
    low, high = person_interval(metric, truth, answer, **drawn)
    row = {"task": name, "metric": target.metric_name, "folds": way}
    row |= {"value": metric.compute(truth, answer, group), "low": low, "high": high}
    row |= dict.fromkeys(("gap", "gap_low", "gap_high"), float("nan"))
    if way != KEPT:
        gap = paired_difference(metric, truth, kept, answer, **drawn)
        row |= {"gap": gap.value, "gap_low": gap.low, "gap_high": gap.high}
    return row | {"num_images": len(truth), "num_people": len(np.unique(people))}


def _lines(
    work: Work, frame: pd.DataFrame, sample: pd.DataFrame, people: np.ndarray, ways: dict
) -> list[str]:
    """What the probe found, in sentences."""
    num_people = len(np.unique(people))
    lines = [
        f"leak probe: {describe_probe(work)}, {len(sample):,} train images of {num_people:,} "
        f"people (copies counted as one)"
    ]
    if OWN not in ways and LABELS not in ways:
        return [*lines, "  nobody has two images, so no folds can part them: nothing to measure"]
    for way, verb in ((OWN, "flatter"), (LABELS, "would flatter")):
        for row in frame[frame["folds"] == way].to_dict("records"):
            kept = frame[(frame["task"] == row["task"]) & (frame["folds"] == KEPT)].iloc[0]
            said = "folds that ignore people" if way == LABELS else "this experiment's own folds"
            values = f"{show_number(kept['value'])} becomes {show_number(row['value'])}"
            interval = f"{show_gap(row['gap_low'])}..{show_gap(row['gap_high'])}"
            if row["gap_low"] > 0:
                lines.append(
                    f"  {said} {verb} {row['task']} {row['metric']} by {show_gap(row['gap'])} "
                    f"(95 % {interval}): {values}"
                )
            else:
                lines.append(
                    f"  {said} don't measurably flatter {row['task']} {row['metric']}: "
                    f"{show_gap(row['gap'])} (95 % {interval})"
                )
    if OWN not in ways:
        lines.append("  this experiment's folds keep everybody together: no such gap in its scores")
    return lines


def show_gap(value: float) -> str:
    """Three decimals, more for what is smaller."""
    return f"{value:.3f}" if abs(value) >= 0.01 or not value else f"{value:.2g}"
