"""What a member's trained networks see in images: the features before its heads, stored once.

A train image is seen by the cell that held it out, a test image by the first fold's cell, and
never by a mean over cells: a place in one network's features means something else in another's.
Only what the same cell has seen may be compared.
"""

import numpy as np
import pandas as pd
import torch
from torch import nn

from pipeline.config import Experiment
from pipeline.console import follow
from pipeline.experiment.cells import member_cells
from pipeline.experiment.data_loading import batches_in_order
from pipeline.experiment.device import choose_device
from pipeline.experiment.fingerprints import embeddings_key
from pipeline.experiment.images_table import held_out, read_labelled, read_test
from pipeline.experiment.member_context import member_context
from pipeline.experiment.memory import enough_memory
from pipeline.experiment.predict import load_cell
from pipeline.faces.crop_store import open_crops
from pipeline.images.transform import normalise
from pipeline.models.logits import predict_logits
from pipeline.models.network import FaceNetwork
from pipeline.storage import Cell, Runs, display_path, is_fresh, read_table, stamp, write_table


class _Features(nn.Module):
    """A trained network without its heads."""

    def __init__(self, network: FaceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        """Features (N, D) of input images (N, 3, H, W), under the one key `features`."""
        return {"features": self.network.neck(self.network.backbone(batch))}


def member_embeddings(settings: Experiment, runs: Runs, member: str, part: str) -> pd.DataFrame:
    """image_id, fold (of the cell that looked) and embedding (d float32) of every image of a
    part, `oof` or `test`, that has a crop; made when it is not there.

    Raises ValueError naming the cell that is not trained.
    """
    path = runs.embeddings(member, part)
    recipe = embeddings_key(settings, member)
    if not is_fresh(path, recipe):
        table = _embed(settings, runs, member, part)
        write_table(path, table)
        stamp(path, recipe)
        print(f"embeddings: {member}: {len(table)} {part} images; wrote {display_path(path)}")
    return read_table(path)


def _embed(settings: Experiment, runs: Runs, member: str, part: str) -> pd.DataFrame:
    cells = looking_cells(settings, member)
    for cell in cells:
        if not runs.done(cell).exists():
            raise ValueError(
                f"pool.by: {cell.name} is not trained yet, so it can't tell people apart"
            )
    if part == "test":
        images = read_test(runs)
        looks = [(cells[0], images[images["row"] >= 0])]
    else:
        images = read_labelled(runs)
        looks = [(cell, images[held_out(settings, images, cell.fold)]) for cell in cells]
    tables = []
    for cell, seen in looks:
        if not len(seen):
            continue
        features = cell_features(settings, runs, cell, seen["row"].to_numpy())
        columns = {"image_id": seen["image_id"].to_numpy(), "fold": cell.fold}
        tables.append(pd.DataFrame({**columns, "embedding": list(features)}))
    return pd.concat(tables, ignore_index=True)


def looking_cells(settings: Experiment, member: str) -> list[Cell]:
    """One cell a fold, with the member's first seed, of the first split: an image is held out once
    in a split, and has one embedding."""
    cells: dict[int, Cell] = {}
    for cell in member_cells(settings, member):
        if cell.fold < settings.folds.num:
            cells.setdefault(cell.fold, cell)
    if not cells:
        raise ValueError(
            "pool.by: folds.train names no fold of the first split, whose cells look at the images"
        )
    return list(cells.values())


def cell_features(settings: Experiment, runs: Runs, cell: Cell, rows: np.ndarray) -> np.ndarray:
    """The features (n, d) of these crops in one cell's network."""
    device, precision = choose_device(settings)
    member = member_context(settings, cell.member)
    transform = member.transform
    size = settings.infer.batch_size
    crops = open_crops(runs.crops_of(cell.member))
    batches = batches_in_order(settings, crops, rows, size=transform.size, device=device)
    with enough_memory("infer.batch_size", size):
        (views,) = predict_logits(
            [_Features(load_cell(runs, member, cell, device=device))],
            follow(
                batches,
                desc=f"embeddings: {cell.name}",
                total=len(rows),
                size=lambda batch: len(batch[0]),
            ),
            views={"identity": lambda batch: batch},
            to_input=lambda pixels: normalise(pixels, transform=transform),
            device=device,
            precision=precision,
        )
    return views["identity"]["features"].numpy()
