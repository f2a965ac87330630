"""Where a cell's batches come from: its crops, or the maps of a cached trunk."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import torch

from pipeline.config import Experiment, Member
from pipeline.experiment.build import make_sampler, member_transform
from pipeline.experiment.data_loading import Feed, make_batches
from pipeline.faces.crop_store import open_crops
from pipeline.images.dataset import CropDataset
from pipeline.images.map_store import MapBatches, maps_to_input
from pipeline.images.sampler import in_order
from pipeline.images.transform import normalise
from pipeline.models.logits import ToInput
from pipeline.models.loop import State
from pipeline.models.trunk import Tail
from pipeline.storage import Cell, Runs
from pipeline.training.trunk_cache import cached_trunk


@dataclass(frozen=True)
class Feeds:
    """Where batches come from, and what makes the network's input of them."""

    train: Feed | MapBatches
    held: Feed | MapBatches
    to_input: ToInput
    loaders: tuple[Feed, ...]  # those that may have processes of their own


def make_feeds(
    settings: Experiment,
    runs: Runs,
    cell: Cell,
    member: Member,
    state: State,
    images: pd.DataFrame,
    *,
    train: pd.DataFrame,
    held: pd.DataFrame,
    targets: dict[str, np.ndarray],
    device: torch.device,
    precision: str,
) -> Feeds:
    """Batches of crops; where the member caches its trunk, of maps, and the state's networks take
    these from here on. `images` are all labelled ones."""
    sampler = make_sampler(settings, member, train, seed=_sampler_seed(cell))
    held_size = settings.infer.batch_size
    in_turn = in_order(len(held), batch_size=held_size)
    rows, held_rows = train["row"].to_numpy(), held["row"].to_numpy()
    if member.trunk is not None:
        backbone = state.network.backbone
        cut, store = cached_trunk(
            settings, runs, cell, member, backbone, images, device=device, precision=precision
        )
        Tail(backbone, cut)
        if state.ema is not None:
            Tail(state.ema.module.backbone, cut)
        return Feeds(
            MapBatches(store, sampler, rows=rows, targets=targets),
            MapBatches(store, in_turn, rows=held_rows, targets={}, plain=True),
            maps_to_input,
            loaders=(),
        )
    transform = member_transform(member)
    crops = open_crops(runs.crops_of(cell.member))
    largest_batch = max(member.batch_size, held_size)
    loader = make_batches(
        settings,
        CropDataset(
            crops,
            rows=rows,
            size=transform.size,
            targets=targets,
            names=train["image_id"].to_numpy(),
        ),
        sampler,
        device=device,
        batch_size=largest_batch,
        recipe=member.augment,
    )
    held_loader = make_batches(
        settings,
        CropDataset(
            crops,
            rows=held_rows,
            size=transform.size,
            targets={},
            names=held["image_id"].to_numpy(),
        ),
        in_turn,
        device=device,
        batch_size=largest_batch,
    )
    to_input = partial(normalise, transform=transform)
    return Feeds(loader, held_loader, to_input, loaders=(loader, held_loader))


def _sampler_seed(cell: Cell) -> int:
    return (cell.seed * 1_009 + cell.fold) % 2**63  # seed 0 of a refit would be below 0
