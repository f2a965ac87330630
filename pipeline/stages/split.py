"""split: who is held out, balanced on several labels, with the proof that no person crosses."""

import numpy as np
import pandas as pd

from pipeline.experiment.images_table import read_images_table, split_column, usable
from pipeline.experiment.tasks import contest_tasks, targets_of
from pipeline.experiment.work import Work
from pipeline.folds.assignment import assign_folds
from pipeline.folds.balance import certificate, describe
from pipeline.folds.leak_checks import check_folds
from pipeline.folds.lookalikes import group_lookalikes
from pipeline.folds.reuse import reuse_folds
from pipeline.labels.tasks import Task
from pipeline.people.features import upper_halves
from pipeline.storage import display_path, read_table, write_json, write_table
from pipeline.tables import FOLDS, check_table

MANY_VALUES = 20  # a column of more different numbers is balanced by its quintiles


def run(work: Work) -> None:
    folds, reject = work.settings.folds, work.settings.crop.reject
    everything = read_images_table(work.runs)
    images = usable(everything, reject=reject)
    if reject:
        left_out = len(usable(everything)) - len(images)
        print(f"split: {left_out} images rejected ({', '.join(reject)}), {len(images)} left")
    tasks = {task.name: task for task in contest_tasks(work.settings)}
    labels = _labels(images, tasks=tasks, names=folds.balance or tuple(tasks))
    people = _people(work, images)
    table = pd.DataFrame({"image_id": images["image_id"], "person_id": people})
    balances = []
    for repeat in range(folds.repeats):
        assigned = _assign(work, images, people, labels, repeat=repeat)
        table[split_column(repeat)] = assigned
        if folds.by == "label":
            proof = "folds by label: the same person can be on both sides, OOF scores are too high"
        else:
            proof = check_folds(images["image_id"], people, assigned, num_folds=folds.num)
        balances.append(certificate(assigned, people, labels))
        print(f"split: {f'split {repeat + 1}: ' if folds.repeats > 1 else ''}{proof}")
        print(describe(balances[-1]))
    first, *others = balances
    write_json(work.runs.certificate, {**first, **({"repeats": others} if others else {})})
    write_table(work.runs.folds, check_table(table, FOLDS))
    print(f"split: wrote {display_path(work.runs.folds)} and {display_path(work.runs.certificate)}")


def _assign(
    work: Work, images: pd.DataFrame, people: pd.Series, labels: pd.DataFrame, *, repeat: int
) -> np.ndarray:
    """The fold (n,) of each image in one split."""
    folds = work.settings.folds
    if folds.by == "column":
        return _by_column(images, column=folds.column, num_folds=folds.num)
    if folds.by == "person" and work.runs.fixes is not None and work.runs.unfixed_folds.exists():
        before = check_table(read_table(work.runs.unfixed_folds), FOLDS)
        earlier = dict(zip(before["person_id"], before[split_column(repeat)], strict=True))
        print("split: fixes mend labels, so the folds from before them stay, and scores compare")
        return reuse_folds(people, earlier, num_folds=folds.num)
    seed = folds.seed + repeat
    return assign_folds(people, labels, num_folds=folds.num, seed=seed, by=folds.by)


def _people(work: Work, images: pd.DataFrame) -> pd.Series:
    """Who is in each image: the contest's word, and who looks alike where that is asked for."""
    people, limit = images["person_id"], work.settings.folds.lookalikes
    if limit is None:
        return people
    upper = upper_halves(work, images["row"], said="split: lookalikes")
    joined = group_lookalikes(upper, people.to_numpy(), correlation=limit)
    print(f"split: {people.nunique()} people by name, {len(set(joined))} by their looks ({limit})")
    return pd.Series(joined, index=people.index, name="person_id")


def _by_column(images: pd.DataFrame, *, column: str, num_folds: int) -> np.ndarray:
    """The fold (n,) of each image: the place of its column's value among all values, sorted."""
    if column not in images.columns:
        raise ValueError(f"folds.column: no column {column!r}; there are {list(images.columns)}")
    values = images[column].astype(str)
    known = sorted(values.unique())
    if len(known) != num_folds:
        said = ", ".join(known[:8])
        raise ValueError(f"folds.num: {column} has {len(known)} values ({said}), not {num_folds}")
    print("split: " + ", ".join(f"fold {i} is {column} {v}" for i, v in enumerate(known)))
    return values.map({value: fold for fold, value in enumerate(known)}).to_numpy()


def _labels(
    images: pd.DataFrame, *, tasks: dict[str, Task], names: tuple[str, ...]
) -> pd.DataFrame:
    """What is balanced, a column a name: a task's classes, a column; numbers by their quintiles."""
    columns = {}
    for name in names:
        if name in tasks:
            task = tasks[name]
            values = pd.Series(targets_of([task], images)[name])
            if task.kind == "regression":
                columns[name] = _quintiles(values)
            else:
                words = dict(enumerate(task.classes))
                columns[name] = values.astype(int).map(words).to_numpy()
        elif name in images.columns:
            values = images[name].astype(str)
            numbers = pd.to_numeric(values, errors="coerce")
            many = numbers.notna().all() and numbers.nunique() > MANY_VALUES
            columns[name] = _quintiles(numbers) if many else values.to_numpy()
        else:
            known = ", ".join((*tasks, *images.columns.difference(list(tasks))))
            raise ValueError(f"folds.balance: no task or column {name!r}; there are {known}")
    return pd.DataFrame(columns)


def _quintiles(numbers: pd.Series) -> np.ndarray:
    if numbers.nunique() == 1:  # one value has no fifths
        return np.full(len(numbers), "all")
    return pd.qcut(numbers, 5, duplicates="drop").astype(str).to_numpy()
