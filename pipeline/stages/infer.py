"""infer: one pass over the pictures for all folds, seeds and views of a member.

Test pictures are seen by every fold; a train picture only by the folds that did not see its person,
so that the views can be scored out of fold.
"""

import time
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from pipeline.images.batches import CropDataset
from pipeline.images.order import in_order
from pipeline.images.transform import normalise
from pipeline.images.views import apply_view
from pipeline.labels.tasks import Task
from pipeline.learning.checkpoint import load_state
from pipeline.learning.kernels import for_answers
from pipeline.learning.network import FaceNetwork
from pipeline.learning.predict import predict_logits
from pipeline.runs import Cell, anew, damaged, read_table, shown
from pipeline.stages import Work
from pipeline.stages.crop import crops_of
from pipeline.stages.launching.answers import answer_jobs, answering_bytes, count_worth
from pipeline.stages.launching.gathering import gather
from pipeline.stages.launching.scheduling import check_launch, run_jobs
from pipeline.stages.launching.slots import find_slots
from pipeline.stages.members import (
    choose_device,
    member_tasks,
    read_labelled,
    read_test,
)
from pipeline.stages.planning.forecast import compare_forecast
from pipeline.stages.progress import (
    answering_cells,
    is_inferred,
)
from pipeline.stages.training.feeding import feed
from pipeline.stages.training.kept import check_facts, prediction_frame
from pipeline.stages.training.memory import enough_memory
from pipeline.stages.training.recipes import head_losses, make_network, member_transform
from pipeline.tables import PREDICTIONS, check_table


def check(work: Work) -> None:
    """Raises ValueError where the cluster that is asked for can't be used."""
    check_launch(work.settings)


def run(work: Work) -> None:
    started = time.monotonic()
    device, precision = choose_device(work.settings)
    labelled, test = read_labelled(work.runs), read_test(work.runs)
    unseen, seen = test[test["row"] < 0], test[test["row"] >= 0]
    todo = [name for name in work.settings.members if not is_inferred(work, name)]
    parts = {name: answer_jobs(work, name, labelled=labelled, seen=seen) for name in todo}
    jobs = [job for both in parts.values() for part in both.values() for job in part]
    needed = answering_bytes(work, todo, device=device.type, precision=precision)
    run_jobs(
        work,
        [job for job in jobs if not job.makes[0].exists()],
        slots=find_slots(work.settings, most=count_worth(work, jobs), job_bytes=needed),
        bar=tqdm(total=len(jobs), desc="infer: shards", unit="shard", leave=False),
    )
    for member in todo:
        gather(work, member, parts[member], labelled=labelled, unseen=unseen)
        print(
            f"infer: {member}: {len(test)} test pictures, "
            f"{len(answering_cells(work.settings, member))} cells, "
            f"views {', '.join(work.settings.infer.views)}; wrote "
            f"{shown(work.runs.averages(member))}"
        )
    if len(unseen):
        shown_ids = ", ".join(unseen["image_id"].head(3))
        print(
            f"infer: {len(unseen)} test pictures can't be read and got the prior: {shown_ids} ..."
        )
    took = time.monotonic() - started
    compare_forecast(work, "infer", [f"infer {n}" for n in todo], seconds=took, divisible=True)


def weights_of(work: Work, cell: Cell) -> Path:
    """The file of a trained cell's weights. Raises ValueError when it is gone."""
    path = work.runs.weights(cell)
    if not path.exists():
        raise damaged(path)
    return path


def load_cell(work: Work, cell: Cell, *, device: torch.device) -> FaceNetwork:
    """A trained cell's network. Raises ValueError when its weights were made for something else."""
    path = weights_of(work, cell)
    try:
        parts, facts = load_state(path)
    except ValueError as error:
        raise ValueError(f"{error}; {anew(path)}") from None
    check_facts(work, cell, facts, path=path)
    member = work.settings.members[cell.member]
    tasks = _tasks(work, cell.member)
    network = make_network(member, tasks, weights="none")
    network.load_state_dict(parts["network"])
    return network.eval().to(device, memory_format=torch.channels_last)


_loaded: dict[tuple, list[nn.Module]] = {}  # the last networks: the next shard wants them too


def _load_cells(
    work: Work, cells: Sequence[Cell], *, device: torch.device, precision: str
) -> list[nn.Module]:
    """The networks of these cells; read from disk when the last ones were others."""
    files = [weights_of(work, cell) for cell in cells]
    key = (str(device), precision, *((str(file), file.stat().st_mtime_ns) for file in files))
    if key not in _loaded:
        _loaded.clear()
        size = {cell: work.settings.members[cell.member].image_size for cell in cells}
        _loaded[key] = [
            for_answers(load_cell(work, cell, device=device), size=size[cell], precision=precision)
            for cell in cells
        ]
    return _loaded[key]


def _tasks(work: Work, member: str) -> list[Task]:
    return member_tasks(work.settings, work.settings.members[member])


def predict_cells(
    work: Work,
    member: str,
    cells: list[Cell],
    pictures: pd.DataFrame,
    *,
    what: str,
    crops_of_work: Work,
    device: torch.device,
    precision: str,
) -> pd.DataFrame:
    """The predictions of these cells for these pictures: every view, one pass.

    The crops are those of `crops_of_work`, which can be another contest's.
    """
    transform = member_transform(work.settings.members[member])
    infer = work.settings.infer
    batches = feed(
        work,
        CropDataset(
            crops_of(crops_of_work),
            rows=pictures["row"].to_numpy(),
            size=transform.size,
            targets={},
        ),
        in_order(len(pictures), batch_size=infer.batch_size),
        device=device,
        batch_size=infer.batch_size,
    )
    bar: Iterable = tqdm(batches, desc=f"infer: {member} {what}", unit="batch", leave=False)
    networks = _load_cells(work, cells, device=device, precision=precision)
    with enough_memory("infer.batch_size", infer.batch_size):
        outcomes = predict_logits(
            networks,
            bar,
            views={
                view: partial(apply_view, view=view, transform=transform) for view in infer.views
            },
            to_input=partial(normalise, transform=transform),
            device=device,
            precision=precision,
        )
    ids, tasks = pictures["image_id"], _tasks(work, member)
    losses = head_losses(work.settings.members[member], tasks)
    return pd.concat(
        [
            prediction_frame(ids, cell, view=view, logits=logits, tasks=tasks, losses=losses)
            for cell, views in zip(cells, outcomes, strict=True)
            for view, logits in views.items()
        ],
        ignore_index=True,
    )


def read_predictions(work: Work, member: str, part: str) -> pd.DataFrame:
    """A member's stored predictions of a part, `oof` or `test`."""
    return check_table(read_table(work.runs.predictions(member, part)), PREDICTIONS)
