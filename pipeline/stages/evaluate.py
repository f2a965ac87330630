"""evaluate: how good each member and the combined answer are on people they never saw."""

import numpy as np
import pandas as pd

from pipeline.labels.tasks import Task, decide
from pipeline.runs import mark, read_table, shown, write_table
from pipeline.scoring.intervals import person_interval
from pipeline.scoring.metrics import METRICS, class_f1
from pipeline.stages import Work
from pipeline.stages.blend import AnswerSpace, blend_all, gather_votes
from pipeline.stages.members import (
    contest_tasks,
    member_tasks,
    read_labelled,
    targets_of,
)
from pipeline.stages.progress import evaluate_recipe, member_cells
from pipeline.tables import PREDICTIONS, SCORES, check_table


def run(work: Work) -> None:
    settings = work.settings
    tables = {name: read_oof(work, name) for name in settings.members}
    held_out = set(next(iter(tables.values()))["image_id"])
    pictures = read_labelled(work.runs)
    pictures = pictures[pictures["image_id"].isin(held_out)].reset_index(drop=True)
    tasks = contest_tasks(settings)
    targets = targets_of(tasks, pictures)
    ids, rows = pictures["image_id"], []
    for name, member in settings.members.items():
        for task in member_tasks(settings, member):
            votes = gather_votes(tables[name], image_ids=ids, task=task, part="oof")
            probs = np.mean(votes, axis=0)
            rows += _task_rows(work, name, task, targets[task.name], probs, pictures=pictures)
    blended = blend_all(tables, image_ids=ids, tasks=tasks, part="oof", settings=settings)
    space = AnswerSpace(settings, tasks)
    joint = space.probs(blended)
    truth, answer = space.truth(targets), space.scored(joint)
    rows += _metric_rows(work, "all members", "answer", space.metric_name, truth, answer, pictures)
    if len(space.classes) > 2:
        rows += _class_rows("all members", "answer", space.classes, truth, answer)
    frame = pd.DataFrame(rows, columns=[*SCORES.key, *SCORES.columns])
    write_table(work.runs.scores, check_table(frame, SCORES))
    mark(work.runs.scores, evaluate_recipe(work))
    print(describe_scores(frame))
    print(f"evaluate: wrote {shown(work.runs.scores)}")


def read_oof(work: Work, member: str) -> pd.DataFrame:
    """The OOF predictions of all cells of a member, on the pictures as they are (view identity)."""
    cells = member_cells(work.settings, member)
    frames = [read_table(work.runs.oof(cell)) for cell in cells]
    return check_table(pd.concat(frames, ignore_index=True), PREDICTIONS)


def describe_scores(frame: pd.DataFrame) -> str:
    """The table a person reads: folds, their mean and spread, the OOF score with its interval."""
    plain = frame[~frame["metric"].str.startswith("f1:")]
    lines = ["", f"{'':<14}{'task':<12}{'metric':<11}{'OOF':>8}  {'95 % interval':<18}folds"]
    for (source, task, metric), rows in plain.groupby(["source", "task", "metric"], sort=False):
        by_fold = rows.set_index("fold")
        whole = by_fold.loc["all"]
        folds = [f"{by_fold.at[fold, 'value']:.3f}" for fold in by_fold.index if fold.isdigit()]
        spread = f"{by_fold.at['mean', 'value']:.3f} ± {by_fold.at['sd', 'value']:.3f}"
        interval = f"{whole['low']:.4f}..{whole['high']:.4f}"
        lines.append(
            f"{source:<14}{task:<12}{metric:<11}{whole['value']:>8.4f}  {interval:<18}"
            f"{spread} ({' '.join(folds)})"
        )
    whole = frame[frame["fold"] == "all"].iloc[-1]
    classes = frame[frame["metric"].str.startswith("f1:") & (frame["task"] == "answer")]
    if len(classes):
        lines.append("F1 of each class of the answer (n):")
        lines += [
            f"  {row.metric[3:]:<28}{row.value:.3f} ({row.num_images})"
            for row in classes.itertuples()
        ]
    plain_all = plain[plain["fold"] == "all"]
    n, people = plain_all["num_images"].iloc[-1], plain_all["num_people"].iloc[-1]
    lines.append(
        f"{n} pictures of {people} people, none seen in training; intervals by drawing people"
    )
    return "\n".join(lines)


def _task_rows(
    work: Work,
    source: str,
    task: Task,
    truth: np.ndarray,
    probs: np.ndarray,
    *,
    pictures: pd.DataFrame,
) -> list[dict]:
    names = [
        task.metric,
        *(["accuracy"] if task.kind != "number" and task.metric != "accuracy" else []),
    ]
    rows = []
    for name in names:
        answer = probs[:, 0] if METRICS[name].looks_at == "score" else decide(task, probs)
        rows += _metric_rows(work, source, task.name, name, truth, answer, pictures)
    if task.kind == "classes":
        rows += _class_rows(source, task.name, list(task.classes), truth, probs.argmax(axis=1))
    return rows


def _metric_rows(
    work: Work,
    source: str,
    task: str,
    name: str,
    truth: np.ndarray,
    answer: np.ndarray,
    pictures: pd.DataFrame,
) -> list[dict]:
    """A metric on each fold, their mean and spread, and on all of OOF with its interval."""
    metric, people = METRICS[name], pictures["person_id"].to_numpy()
    start = {"source": source, "task": task, "metric": name, "low": np.nan, "high": np.nan}
    rows = []
    for fold in sorted(pictures["fold"].unique()):
        here = (pictures["fold"] == fold).to_numpy()
        counts = {"num_images": int(here.sum()), "num_people": len(set(people[here]))}
        value = metric.compute(truth[here], answer[here])
        rows.append({**start, "fold": str(fold), "value": value, **counts})
    values = [row["value"] for row in rows]
    counts = {"num_images": len(truth), "num_people": len(set(people))}
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
    low, high = person_interval(
        metric.compute, truth, answer, person_ids=people, num_draws=work.settings.bootstrap
    )
    whole = {**start, "value": metric.compute(truth, answer), "low": low, "high": high}
    rows += [
        {**start, "fold": "mean", "value": float(np.mean(values)), **counts},
        {**start, "fold": "sd", "value": spread, **counts},
        {**whole, "fold": "all", **counts},
    ]
    return rows


def _class_rows(
    source: str, task: str, classes: list[str], truth: np.ndarray, answer: np.ndarray
) -> list[dict]:
    values = class_f1(truth, answer, num_classes=len(classes))
    counts = np.bincount(np.asarray(truth, dtype=np.int64), minlength=len(classes))
    start = {"source": source, "task": task, "fold": "all", "low": np.nan, "high": np.nan}
    return [
        {**start, "metric": f"f1:{word}", "value": value, "num_images": count, "num_people": 0}
        for word, value, count in zip(classes, values.tolist(), counts.tolist(), strict=True)
    ]
