"""What frozen layers see in images, on disk in parts: read where it is used, never all of it.

A part holds one variant of some images in a row. It gets its name when it is whole, so whatever is
there is right, whichever process wrote it and however often it was killed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from pipeline.images.sampler import EpochSampler, Sample

PART = 256  # images: what a killed run loses of one variant
PLAIN = 0  # the variant without augmentation; the others are counted from 1


@dataclass(frozen=True)
class MapFile:
    """One file: a variant of the images at these positions."""

    variant: int
    start: int
    path: Path


@dataclass(frozen=True)
class MapStore:
    """The maps (*shape) of images, each by its row in the crop store, in some variants."""

    folder: Path
    rows: tuple[int, ...]  # sorted
    num_variants: int  # augmented ones, beside the plain one
    shape: tuple[int, ...]
    dtype: str

    def parts(self) -> list[MapFile]:
        """All files that there are to be."""
        found = []
        for variant in range(self.num_variants + 1):
            for start in range(0, len(self.rows), PART):
                path = self.folder / f"variant{variant}-{start:08d}.npy"
                found.append(MapFile(variant, start, path))
        return found

    @property
    def num_bytes(self) -> int:
        """Of all parts together."""
        each = int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize
        return (self.num_variants + 1) * len(self.rows) * each

    def rows_of(self, part: MapFile) -> tuple[int, ...]:
        """The rows, in the crop store, of a part's images."""
        return self.rows[part.start : part.start + PART]

    @cached_property
    def _opened(self) -> list[list[np.ndarray]]:
        """By variant its parts, mapped into memory."""
        opened: list[list[np.ndarray]] = [[] for _ in range(self.num_variants + 1)]
        for part in self.parts():
            opened[part.variant].append(np.load(part.path, mmap_mode="r"))
        return opened

    def gather(self, rows: np.ndarray, variants: np.ndarray) -> np.ndarray:
        """The maps (n, *shape) of these rows, each of its variant. Raises KeyError for a row that
        is not stored."""
        places = np.searchsorted(self.rows, rows)
        if (places == len(self.rows)).any() or (np.take(self.rows, places) != rows).any():
            raise KeyError(f"of the rows {rows.tolist()} not all are stored")
        maps = np.empty((len(rows), *self.shape), dtype=self.dtype)
        for number, (place, variant) in enumerate(zip(places, variants, strict=True)):
            maps[number] = self._opened[variant][place // PART][place % PART]
        return maps


def variant_seeds(rows: Sequence[int], variant: int) -> list[int]:
    """The augmentation seed of each image's variant: of the image and the variant alone."""
    return [int(np.random.default_rng([variant, row]).integers(2**31)) for row in rows]


class MapBatches:
    """Batches (maps, targets) out of a store, in a sampler's order.

    A sample's seed says which of its augmented variants it is; the plain one where there are none,
    or where `plain` asks for it.
    """

    def __init__(
        self,
        store: MapStore,
        sampler: EpochSampler | Sequence[Sequence[Sample]],
        *,
        rows: np.ndarray,
        targets: dict[str, np.ndarray],
        plain: bool = False,
    ) -> None:
        self.store, self.batch_sampler = store, sampler
        self._rows, self._plain = np.asarray(rows), plain or not store.num_variants
        self._targets = {task: torch.from_numpy(np.asarray(v)) for task, v in targets.items()}

    def __len__(self) -> int:
        return len(self.batch_sampler)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, dict[str, torch.Tensor]]]:
        # a DataLoader draws a number when it begins: so dropout falls on the same units as there
        torch.empty((), dtype=torch.int64).random_()
        for batch in self.batch_sampler:
            positions, seeds = np.array(batch, dtype=np.int64).T
            variants = np.full(len(batch), PLAIN)
            if not self._plain:
                variants = 1 + seeds % self.store.num_variants
            maps = torch.from_numpy(self.store.gather(self._rows[positions], variants))
            where = torch.from_numpy(positions)
            yield maps, {task: values[where] for task, values in self._targets.items()}


def maps_to_input(maps: torch.Tensor) -> torch.Tensor:
    """Stored maps as float32, channels last where they have places."""
    maps = maps.float()
    return maps.contiguous(memory_format=torch.channels_last) if maps.dim() == 4 else maps
