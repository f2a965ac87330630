"""transfer: weights trained in one contest scored on another that has the same task.

All labelled images of this contest are new to them, so every cell of the other experiment
answers every image, and the answers are averaged.
"""

import numpy as np
import pandas as pd

from pipeline.config import load_settings
from pipeline.experiment.cells import member_cells
from pipeline.experiment.device import choose_device
from pipeline.experiment.fingerprints import transfer_key
from pipeline.experiment.grouping import read_grouping
from pipeline.experiment.images_table import read_labelled
from pipeline.experiment.member_context import member_context
from pipeline.experiment.predict import predict_cells
from pipeline.experiment.tasks import contest_tasks, group_of, member_tasks, targets_of
from pipeline.experiment.work import Work
from pipeline.faces.crop_store import open_crops
from pipeline.labels.tasks import Task
from pipeline.labels.units import count_words
from pipeline.metrics.answer_space import seen_by
from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.metrics import find_metric
from pipeline.storage import Runs, display_path, stamp, write_table
from pipeline.tables import SCORES, check_table


def check(work: Work) -> None:
    """Raises ValueError when the source is not trained or shares no task with this contest."""
    source = _source(work)
    if source.settings.competition.name == work.settings.competition.name:
        raise ValueError(
            f"transfer: {source.settings.name} learnt from the images of "
            f"{work.settings.competition.name} itself, so its score on them would be too high; its "
            "scores.csv says how it does out of fold"
        )
    _shared_tasks(work, source)
    for name in source.settings.members:
        for cell in member_cells(source.settings, name):
            if not source.runs.done(cell).exists():
                config = source.settings.name
                raise ValueError(
                    f"transfer: {cell.name} of {config} is not trained: ./run.sh train -c {config}"
                )
    if source.runs.crop_recipe != work.runs.crop_recipe:
        raise ValueError(
            f"transfer: {source.settings.name} was trained on crops of "
            f"{source.settings.crop.model_dump()}, this experiment cuts "
            f"{work.settings.crop.model_dump()}; give both the same crop settings"
        )


def run(work: Work) -> None:
    source, images = _source(work), read_labelled(work.runs)
    device, precision = choose_device(work.settings)
    rows = []
    for task in _shared_tasks(work, source):
        truth = targets_of([task], images)[task.name]
        for member, settings in source.settings.members.items():
            if task.name not in settings.tasks:
                continue
            frame = predict_cells(
                source.runs,
                member_context(source.settings, member),
                member_cells(source.settings, member),
                images,
                crops=open_crops(work.runs.crops),
                settings=source.settings,
                what=f"images of {work.settings.competition.name}",
                device=device,
                precision=precision,
            )
            means = frame.groupby("image_id")[task.columns].mean().loc[images["image_id"]]
            rows.append(_row(work, f"{source.settings.name}/{member}", task, truth, means, images))
    scores = pd.DataFrame(rows, columns=[*SCORES.key, *SCORES.columns])
    path = work.runs.transfer(source.settings.name)
    write_table(path, check_table(scores, SCORES))
    stamp(path, transfer_key(work.settings, work.runs))
    unit = read_grouping(work.runs).unit
    for row in rows:
        print(
            f"transfer: {row['source']} on {work.settings.competition.name}: {row['task']} "
            f"{row['metric']} {row['value']:.4f} (95 % {row['low']:.4f}..{row['high']:.4f}, "
            f"{count_words(row['num_images'], row['num_people'], unit)})"
        )
    print(f"transfer: wrote {display_path(path)}")


def _source(work: Work) -> Work:
    """The other experiment as it was trained, from its own stored settings."""
    name = work.settings.transfer.source
    if name is None:
        raise ValueError("transfer: say which experiment's weights: transfer.source=age-cacd-lite")
    stored = work.runs.experiment.parent / name / "config.yaml"
    if not stored.exists():
        raise ValueError(
            f"transfer: no trained experiment {name!r}: {display_path(stored)} is not there"
        )
    settings = load_settings(stored).model_copy(
        update={
            "device": work.settings.device,
            "infer": work.settings.infer,
            "tta": work.settings.tta,
        }
    )
    return Work(settings=settings, runs=Runs(settings), command=work.command)


def _shared_tasks(work: Work, source: Work) -> list[Task]:
    """This contest's tasks that the source learnt too, with the same kind and classes."""
    known = {}
    for member in source.settings.members.values():
        known |= {task.name: task for task in member_tasks(source.settings, member)}
    own = contest_tasks(work.settings)
    shared = [t for t in own if t.name in known and t.columns == known[t.name].columns]
    if not shared:
        raise ValueError(
            f"transfer: {source.settings.name} learnt {', '.join(known)}; this contest's tasks are "
            f"{', '.join(task.name for task in own)}: none has the same name, kind and classes"
        )
    return shared


def _row(
    work: Work,
    source: str,
    task: Task,
    truth: np.ndarray,
    means: pd.DataFrame,
    images: pd.DataFrame,
) -> dict:
    metric, probs = find_metric(task.metric), means.to_numpy()
    answer = seen_by(metric, task, probs)
    people = images["person_id"].to_numpy()
    group = group_of(task, images)
    low, high = person_interval(
        metric,
        truth,
        answer,
        person_ids=people,
        num_draws=work.settings.bootstrap,
        group=group,
    )
    return {
        "source": source,
        "task": task.name,
        "fold": "all",
        "metric": task.metric,
        "value": metric.compute(truth, answer, group),
        "low": low,
        "high": high,
        "num_images": len(truth),
        "num_people": len(set(people)),
    }
