"""split: who is held out, balanced on several labels, with the proof that no person crosses."""

import pandas as pd

from pipeline.folds.assignment import assign_folds
from pipeline.folds.balance import certificate, describe
from pipeline.folds.proofs import prove_folds
from pipeline.labels.tasks import Task
from pipeline.runs import shown, write_json, write_table
from pipeline.stages import Work
from pipeline.stages.members import contest_tasks, read_pictures, targets_of, usable
from pipeline.tables import FOLDS, check_table


def run(work: Work) -> None:
    folds = work.settings.folds
    pictures = usable(read_pictures(work.runs))
    tasks = {task.name: task for task in contest_tasks(work.settings)}
    labels = _labels(pictures, tasks=tasks, names=folds.balance or tuple(tasks))
    people = pictures["person_id"]
    assigned = assign_folds(people, labels, num_folds=folds.num, seed=folds.seed, by=folds.by)
    if folds.by == "person":
        proof = prove_folds(pictures["image_id"], people, assigned, num_folds=folds.num)
    else:
        proof = "folds by label: the same person can be on both sides, so OOF scores are too high"
    table = pd.DataFrame({"image_id": pictures["image_id"], "person_id": people, "fold": assigned})
    balance = certificate(assigned, people, labels)
    write_json(work.runs.certificate, balance)
    write_table(work.runs.folds, check_table(table, FOLDS))
    print(f"split: {proof}")
    print(describe(balance))
    print(f"split: wrote {shown(work.runs.folds)} and {shown(work.runs.certificate)}")


def _labels(
    pictures: pd.DataFrame, *, tasks: dict[str, Task], names: tuple[str, ...]
) -> pd.DataFrame:
    """What is balanced, one column a name: a task's classes (numbers: quintiles) or a column."""
    columns = {}
    for name in names:
        if name in tasks:
            task = tasks[name]
            values = pd.Series(targets_of([task], pictures)[name])
            if task.kind == "number":
                columns[name] = pd.qcut(values, 5, duplicates="drop").astype(str).to_numpy()
            else:
                words = dict(enumerate(task.classes))
                columns[name] = values.astype(int).map(words).to_numpy()
        elif name in pictures.columns:
            columns[name] = pictures[name].astype(str).to_numpy()
        else:
            known = ", ".join((*tasks, *pictures.columns.difference(list(tasks))))
            raise ValueError(f"folds.balance: no task or column {name!r}; there are {known}")
    return pd.DataFrame(columns)
