"""What a member's frozen layers see in every image, computed once for all of its cells.

The frozen layers have seen no label of this contest, so folds and seeds share what they see. The
first cells compute it together, part by part; one that is killed leaves whole parts behind.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

from pipeline.config import Experiment, Member, fingerprint_of
from pipeline.experiment.build import member_transform
from pipeline.experiment.data_loading import augments_there, make_batches
from pipeline.experiment.images_table import read_test
from pipeline.faces.crop_store import open_crops
from pipeline.images.dataset import CropDataset
from pipeline.images.map_store import PLAIN, MapFile, MapStore, variant_seeds
from pipeline.images.transform import normalise
from pipeline.models.logits import autocast, move
from pipeline.models.trunk import Cut, find_cut, trunk_maps
from pipeline.models.weight_digest import digest_weights
from pipeline.storage import Cell, Runs, atomic_write, hold_lock, say_nothing, try_lock

PIECE = 16  # images at once on a CPU, whose cache has room for so many
BATCH = 128  # images at once on a GPU


def cached_trunk(
    settings: Experiment,
    runs: Runs,
    cell: Cell,
    member: Member,
    backbone: nn.Module,
    images: pd.DataFrame,
    *,
    device: torch.device,
    precision: str,
) -> tuple[Cut, MapStore]:
    """Where the backbone is cut, and the complete store of what the images are there.

    `images` are all labelled ones; test images come to them where the cell learns from some.
    Raises ValueError like find_cut, and for values that float16 can't hold.
    """
    cut = find_cut(backbone, image_size=member.image_size)
    on_device = bool(member.augment) and augments_there(
        settings, member.augment, side=member.image_size, device_type=device.type
    )
    rows = _rows(runs, member, images)
    trunk = member.trunk
    assert trunk is not None, "only a member with `trunk` keeps its maps"
    made_from = [
        _digest(backbone, cut),
        member_transform(member).fingerprint(crop_recipe=runs.crop_recipe_of(cell.member)),
        runs.crops_of(cell.member).parent.name,
        list(rows),
        list(member.augment),
        on_device,  # the two ways to augment draw otherwise
        [trunk.precision, precision],
    ]
    store = MapStore(
        folder=runs.trunk(fingerprint_of(made_from)),
        rows=rows,
        num_variants=member.num_variants,
        shape=cut.shape,
        dtype=trunk.precision,
    )
    maker = _Maker(settings, runs, cell, member, backbone, cut, store, device, precision)
    _make_missing(maker)
    return cut, store


def _rows(runs: Runs, member: Member, images: pd.DataFrame) -> tuple[int, ...]:
    rows = images["row"].to_numpy()
    if member.pseudo is not None:
        test = read_test(runs)["row"].to_numpy()
        rows = np.concatenate([rows, test[test >= 0]])
    return tuple(np.unique(rows).tolist())


def _digest(backbone: nn.Module, cut: Cut) -> str:
    """Of the frozen weights and where they end, whatever file they came from."""
    learning = {name for name, value in backbone.named_parameters() if value.requires_grad}
    before = tuple(f"{name}." for name in cut.before)
    frozen = {}
    for name, value in backbone.state_dict().items():
        is_loose = "." not in name and name not in learning  # a token, positions
        if not cut.boundary or name.startswith(before) or is_loose:
            frozen[name] = value
    return fingerprint_of([cut.boundary, cut.image_size, digest_weights(frozen)])


@dataclass(frozen=True)
class _Maker:
    """What a part of the store is made with."""

    settings: Experiment
    runs: Runs
    cell: Cell
    member: Member
    backbone: nn.Module
    cut: Cut
    store: MapStore
    device: torch.device
    precision: str

    def make(self, part: MapFile) -> None:
        """Writes a part, unless another process has."""
        if part.path.exists():
            return
        maps = self._maps(part)
        with np.errstate(over="ignore"):
            stored = maps.astype(self.store.dtype)
        if not np.isfinite(stored).all():
            raise ValueError(
                f"{self.cell.name}: {self.store.dtype} can't hold what the frozen layers see; "
                f"members.{self.cell.member}.trunk.precision=float32 has more room"
            )
        with atomic_write(part.path) as temporary, temporary.open("wb") as file:
            np.save(file, stored)

    def _maps(self, part: MapFile) -> np.ndarray:
        rows = self.store.rows_of(part)
        dataset = CropDataset(
            open_crops(self.runs.crops_of(self.cell.member)),
            rows=np.array(rows),
            size=self.member.image_size,
            targets={},
            names=[f"in row {row} of the crops" for row in rows],
        )
        is_plain = part.variant == PLAIN
        seeds = [0] * len(rows) if is_plain else variant_seeds(rows, part.variant)
        samples = list(enumerate(seeds))
        batches = make_batches(
            self.settings,
            dataset,
            [samples[start : start + BATCH] for start in range(0, len(samples), BATCH)],
            device=self.device,
            batch_size=BATCH,
            recipe=() if is_plain else self.member.augment,
        )
        return np.concatenate([self._look(move(pixels, self.device)) for pixels, _ in batches])

    @torch.inference_mode()
    def _look(self, pixels: torch.Tensor) -> np.ndarray:
        """The float32 maps of uint8 pixels (N, S, S, 3)."""
        self.backbone.eval()
        inputs = normalise(pixels, transform=member_transform(self.member))
        pieces = []
        for piece in inputs.split(PIECE if self.device.type == "cpu" else BATCH):
            with autocast(self.device, precision=self.precision):
                maps = trunk_maps(self.backbone, self.cut, piece)
            pieces.append(maps.float().contiguous().cpu().numpy())
        return np.concatenate(pieces)


def _make_missing(maker: _Maker) -> None:
    """Makes the parts that are missing: first those that no other cell is busy with."""
    missing = [part for part in maker.store.parts() if not part.path.exists()]
    if missing:
        size = maker.store.num_bytes / 2**20
        print(f"train: {maker.cell.name}: the frozen layers look at every image, {size:.0f} MB")
    for part in missing:
        with try_lock(_lock_of(part), command="training") as is_mine:
            if is_mine:
                maker.make(part)
    for part in missing:  # those of others: they are done, or their cell was killed
        with hold_lock(_lock_of(part), command="training", say=say_nothing):
            maker.make(part)


def _lock_of(part: MapFile) -> Path:
    return part.path.with_name(f".{part.path.name}.lock")
