"""Trained weights and crops to predictions: the only place where cells predict."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from pipeline.experiment.build import head_losses, make_network, member_transform
from pipeline.experiment.crops import crops_of
from pipeline.experiment.data_loading import make_batches
from pipeline.experiment.facts import check_facts
from pipeline.experiment.memory import enough_memory
from pipeline.experiment.tasks import member_tasks
from pipeline.experiment.work import Work
from pipeline.images.dataset import CropDataset
from pipeline.images.sampler import in_order
from pipeline.images.transform import normalise
from pipeline.images.views import apply_view
from pipeline.labels.tasks import Task
from pipeline.models.checkpoint import load_state
from pipeline.models.logits import Logits, predict_logits
from pipeline.models.network import FaceNetwork, to_probs
from pipeline.models.speedups import prepare_for_inference
from pipeline.storage import Cell, damaged_file, repair_hint


def weights_of(work: Work, cell: Cell) -> Path:
    """The file of a trained cell's weights. Raises ValueError when it is gone."""
    path = work.runs.weights(cell)
    if not path.exists():
        raise damaged_file(path)
    return path


def load_cell(work: Work, cell: Cell, *, device: torch.device) -> FaceNetwork:
    """A trained cell's network. Raises ValueError when its weights were made for something else."""
    path = weights_of(work, cell)
    try:
        parts, facts = load_state(path)
    except ValueError as error:
        raise ValueError(f"{error}; {repair_hint(path)}") from None
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
            prepare_for_inference(
                load_cell(work, cell, device=device), size=size[cell], precision=precision
            )
            for cell in cells
        ]
    return _loaded[key]


def _tasks(work: Work, member: str) -> list[Task]:
    return member_tasks(work.settings, work.settings.members[member])


def predict_cells(
    work: Work,
    member: str,
    cells: list[Cell],
    images: pd.DataFrame,
    *,
    what: str,
    crops_of_work: Work,
    device: torch.device,
    precision: str,
) -> pd.DataFrame:
    """The predictions of these cells for these images: every view, one pass.

    The crops are those of `crops_of_work`, which can be another contest's.
    """
    transform = member_transform(work.settings.members[member])
    infer = work.settings.infer
    batches = make_batches(
        work,
        CropDataset(
            crops_of(crops_of_work),
            rows=images["row"].to_numpy(),
            size=transform.size,
            targets={},
        ),
        in_order(len(images), batch_size=infer.batch_size),
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
                view: partial(apply_view, view=view, transform=transform)
                for view in work.settings.tta
            },
            to_input=partial(normalise, transform=transform),
            device=device,
            precision=precision,
        )
    ids, tasks = images["image_id"], _tasks(work, member)
    losses = head_losses(work.settings.members[member], tasks)
    return pd.concat(
        [
            prediction_frame(ids, cell, view=view, logits=logits, tasks=tasks, losses=losses)
            for cell, views in zip(cells, outcomes, strict=True)
            for view, logits in views.items()
        ],
        ignore_index=True,
    )


def prediction_frame(
    image_ids: pd.Series,
    cell: Cell,
    *,
    view: str,
    logits: Logits,
    tasks: list[Task],
    losses: dict[str, str],
) -> pd.DataFrame:
    """The predictions table of one cell and view: one column a class, or the score or value.

    `losses` says how each task's head is read (head_losses).
    """
    columns = {"image_id": image_ids.to_numpy(), "fold": cell.fold, "seed": cell.seed, "view": view}
    for task in tasks:
        probs = to_probs(logits[task.name], task=task, loss=losses[task.name]).numpy()
        lost = ~np.isfinite(probs).all(axis=1)
        if lost.any():
            first, more = image_ids.iloc[lost.argmax()], int(lost.sum()) - 1
            others = f" and {more} other{'s' * (more > 1)}" if more else ""
            raise ValueError(
                f"{cell.name}: what the network says of {task.name} for {first}{others} is no "
                "number; precision=float32 has room for larger ones"
            )
        columns |= dict(zip(task.columns, probs.T, strict=True))
    return pd.DataFrame(columns)
