"""Trained weights and crops to predictions: the only place where cells predict.

The infer stage, predict, demo, export's check and students all take `predict_batches`: so an image
gets the same answer wherever it is asked about.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from pipeline.config import Experiment
from pipeline.console import follow
from pipeline.experiment.build import make_network
from pipeline.experiment.data_loading import batches_in_order
from pipeline.experiment.facts import cell_facts, check_facts
from pipeline.experiment.member_context import MemberContext
from pipeline.experiment.memory import enough_memory
from pipeline.images.transform import normalise
from pipeline.images.views import apply_view
from pipeline.models.checkpoint import load_state
from pipeline.models.logits import Logits, predict_logits
from pipeline.models.network import FaceNetwork, to_channels_last, to_probs
from pipeline.models.speedups import prepare_for_inference
from pipeline.storage import Cell, Runs, damaged_file, repair_hint


def weights_of(runs: Runs, cell: Cell) -> Path:
    """The file of a trained cell's weights. Raises ValueError when it is gone."""
    path = runs.weights(cell)
    if not path.exists():
        raise damaged_file(path)
    return path


def load_cell(
    runs: Runs, member: MemberContext, cell: Cell, *, device: torch.device
) -> FaceNetwork:
    """A trained cell's network. Raises ValueError when its weights were made for something else."""
    path = weights_of(runs, cell)
    try:
        parts, facts = load_state(path)
    except ValueError as error:
        raise ValueError(f"{error}; {repair_hint(path)}") from None
    check_facts(
        facts, wanted=cell_facts(member, crop_recipe=runs.crop_recipe_of(member.name)), path=path
    )
    network = make_network(member.recipe, member.tasks, weights="none")
    network.load_state_dict(parts["network"])
    return to_channels_last(network.eval(), device=device)


# The last networks that were loaded: the next shard of the same process wants them again.
_loaded: dict[tuple, list[nn.Module]] = {}


def load_cells(
    runs: Runs,
    member: MemberContext,
    cells: Sequence[Cell],
    *,
    device: torch.device,
    precision: str,
) -> list[nn.Module]:
    """The cells' networks, made ready to answer in this precision. Raises ValueError as load_cell.

    They are read from disk only when the last call asked for others.
    """
    files = [weights_of(runs, cell) for cell in cells]
    versions = [(str(file), file.stat().st_mtime_ns) for file in files]
    key = (str(device), precision, runs.crop_recipe_of(member.name), *versions)
    if key not in _loaded:
        _loaded.clear()  # before the new ones are read: both may not fit
        networks = []
        for cell in cells:
            network = load_cell(runs, member, cell, device=device)
            size = member.recipe.image_size
            networks.append(prepare_for_inference(network, size=size, precision=precision))
        _loaded[key] = networks
    return _loaded[key]


def predict_cells(
    runs: Runs,
    member: MemberContext,
    cells: Sequence[Cell],
    images: pd.DataFrame,
    *,
    crops: np.ndarray,
    settings: Experiment,
    what: str,
    device: torch.device,
    precision: str,
) -> pd.DataFrame:
    """The predictions of a member's cells for these images: every view, one pass.

    `images` has the columns image_id and row, the row in `crops` (rows, size, size, 3) uint8, which
    can be another contest's. `what` names the images in the progress bar.
    """
    rows = images["row"].to_numpy()
    size = member.transform.size
    batches = batches_in_order(settings, crops, rows, size=size, device=device)
    networks = load_cells(runs, member, cells, device=device, precision=precision)
    return predict_batches(
        networks,
        cells,
        follow(
            batches,
            desc=f"infer: {member.name} {what}",
            total=len(images),
            size=lambda batch: len(batch[0]),
        ),
        member=member,
        image_ids=images["image_id"],
        settings=settings,
        device=device,
        precision=precision,
    )


def predict_batches(
    networks: Sequence[nn.Module],
    cells: Sequence[Cell],
    batches: Iterable,
    *,
    member: MemberContext,
    image_ids: pd.Series,
    settings: Experiment,
    device: torch.device,
    precision: str,
) -> pd.DataFrame:
    """The predictions table of a member's cells for batches of crops.

    A batch is (pixels, targets): pixels (n, size, size, 3) uint8 of the member's image size; the
    targets are not looked at. `image_ids` (N,) are all images of all batches, in their order.
    Rows come cell by cell, within a cell view by view. Raises ValueError where the device's memory
    is too small, or where a prediction is no finite number.
    """
    transform = member.transform
    views = {view: partial(apply_view, view=view, transform=transform) for view in settings.tta}
    with enough_memory("infer.batch_size", settings.infer.batch_size):
        logits_by_cell = predict_logits(
            networks,
            batches,
            views=views,
            to_input=partial(normalise, transform=transform),
            device=device,
            precision=precision,
        )
    frames = []
    for cell, logits_by_view in zip(cells, logits_by_cell, strict=True):
        for view, logits in logits_by_view.items():
            frames.append(
                prediction_frame(image_ids, cell, view=view, logits=logits, member=member)
            )
    return pd.concat(frames, ignore_index=True)


def prediction_frame(
    image_ids: pd.Series, cell: Cell, *, view: str, logits: Logits, member: MemberContext
) -> pd.DataFrame:
    """The predictions table of one cell and view: a row an image, one column a class, or the value.

    Raises ValueError naming the first image for which a prediction is no finite number.
    """
    columns = {"image_id": image_ids.to_numpy(), "fold": cell.fold, "seed": cell.seed, "view": view}
    for task in member.tasks:
        probs = to_probs(logits[task.name], task=task, loss=member.losses[task.name]).numpy()
        lost = ~np.isfinite(probs).all(axis=1)
        if lost.any():
            first, more = image_ids.iloc[lost.argmax()], int(lost.sum()) - 1
            others = f" and {more} other{'s' * (more > 1)}" if more else ""
            raise ValueError(
                f"{cell.name}: the prediction of {task.name} for {first}{others} is not a finite "
                "number; precision=float32 has room for larger ones"
            )
        columns |= dict(zip(task.columns, probs.T, strict=True))
    return pd.DataFrame(columns)
