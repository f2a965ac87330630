"""Augmentation of whole batches where they lie: the recipe's common transforms in torch.

The same distributions as albumentations', whose own reading of the arguments is taken; the draws
are others. Every sample's draws come from its seed alone, whatever batch it is in. They are made on
the host, for many batches at once, so that no step of the training waits for them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import torch

from pipeline.images.augment import GROUPS, build_steps
from pipeline.images.gpu.colour import LIGHT_READERS
from pipeline.images.gpu.counter_rng import mixed, uniforms
from pipeline.images.gpu.geometry import WARP_READERS
from pipeline.images.gpu.step import NUM_DRAWS, Step

READERS = WARP_READERS | LIGHT_READERS
GROUP_STREAMS = 10_000  # groups draw from streams that no step draws from
Drawn = list[dict[str, torch.Tensor]]  # by step: the parameters of every sample


@runtime_checkable
class LibraryGroup(Protocol):
    """What albumentations' groups (GROUPS) have."""

    p: float
    transforms: Sequence[object]


@dataclass(frozen=True)
class Group:
    """Transforms that are chosen together, as albumentations' group of the same name does.

    OneOf applies one member, chosen by the members' p as weights. SomeOf takes `number` members,
    all equally likely, and each is applied with its own p, in the order of the recipe. Sequential
    tries all of them, each with its own p. The group as a whole happens with chance `p`.
    """

    name: str
    p: float
    members: tuple["Step | Group", ...]
    stream: int
    number: int = 1


class BatchAugment:
    """uint8 pixels (N, S, S, 3) and seeds (N,) to augmented pixels, on the pixels' device.

    Raises ValueError naming the transform, the argument, or the side (where it is given) that only
    albumentations has.
    """

    def __init__(self, recipe: Sequence[Mapping[str, Mapping]], *, side: int | None = None) -> None:
        self.steps: list[Step] = []  # all of them in order, those inside of groups too
        self._num_groups = 0
        self._plan = [self._read(step) for step in build_steps(recipe)] if recipe else []
        if side is not None:
            self.draw(np.zeros(1, dtype=np.int64), side=side)

    def __call__(self, pixels: torch.Tensor, seeds: np.ndarray) -> torch.Tensor:
        drawn = []
        for values in self.draw(seeds, side=pixels.shape[1]):
            drawn.append({key: value.to(pixels.device) for key, value in values.items()})
        return self.apply(pixels, drawn)

    def draw(self, seeds: np.ndarray, *, side: int) -> Drawn:
        """What every step does to the images of these seeds (N,) of so many pixels a side."""
        drawn: Drawn = []
        everybody = np.ones(len(seeds), dtype=bool)
        for node in self._plan:
            self._draw_node(node, seeds, everybody, drawn, side=side, forced=False)
        return drawn

    def _draw_node(
        self,
        node: Step | Group,
        seeds: np.ndarray,
        chosen: np.ndarray,
        drawn: Drawn,
        *,
        side: int,
        forced: bool,
    ) -> None:
        """Adds what a node's steps do to `drawn`; they happen in `chosen` (N,) images at most, and
        in all of them when `forced`."""
        if isinstance(node, Step):
            number = len(drawn)
            chances = uniforms(seeds, NUM_DRAWS + 1, stream=number)
            happens = chosen if forced else chosen & (chances[:, 0] < node.p)
            values = node.draw(chances[:, 1:], side) | {"on": happens}
            tensors = {k: torch.from_numpy(v.astype(np.float32)) for k, v in values.items()}
            if node.by_pixel:
                streams = mixed(seeds.astype(np.uint64), number + 1) >> np.uint64(33)
                tensors["streams"] = torch.from_numpy(streams.astype(np.int64))
            drawn.append(tensors)
            return
        chances = uniforms(seeds, len(node.members) + 1, stream=node.stream)
        happens = chosen if forced else chosen & (chances[:, 0] < node.p)
        taken = _choose_members(node, chances[:, 1:])
        for place, member in enumerate(node.members):
            self._draw_node(
                member,
                seeds,
                happens & taken[:, place],
                drawn,
                side=side,
                forced=node.name == "OneOf",
            )

    def apply(self, pixels: torch.Tensor, drawn: Drawn) -> torch.Tensor:
        """The images with what was drawn for them, which lies where they lie."""
        if not self.steps:
            return pixels
        batch = pixels.permute(0, 3, 1, 2).float()
        for step, values in zip(self.steps, drawn, strict=True):
            batch = step.apply(batch, **values).round().clamp_(0.0, 255.0)
        return batch.to(torch.uint8).permute(0, 2, 3, 1)

    def _read(self, step: object) -> Step | Group:
        """albumentations' transform or group as one of ours."""
        name = type(step).__name__
        if name in GROUPS:
            needs_once(step)
            assert isinstance(step, LibraryGroup), f"albumentations' {name} holds transforms"
            stream = GROUP_STREAMS + self._num_groups
            self._num_groups += 1
            members = tuple(self._read(member) for member in step.transforms)
            return Group(name, step.p, members, stream, number=getattr(step, "n", 1))
        if name not in READERS:
            known = ", ".join((*READERS, *GROUPS))
            raise ValueError(
                f"augment: {name} needs augmenter: albumentations; on the device: {known}"
            )
        self.steps.append(READERS[name](step))
        return self.steps[-1]


def needs_once(group: object) -> None:
    """Raises ValueError for a group that may take the same transform twice."""
    if getattr(group, "replace", False):
        raise ValueError(
            "augment: SomeOf: replace: true needs augmenter: albumentations; on the device a "
            "transform is taken once"
        )


def _choose_members(group: Group, chances: np.ndarray) -> np.ndarray:
    """Which members (N, M) bool a group takes, by uniform numbers (N, M)."""
    num_images, num_members = chances.shape
    if group.name == "Sequential":
        return np.ones((num_images, num_members), dtype=bool)
    taken = np.zeros((num_images, num_members), dtype=bool)
    if group.name == "OneOf":
        weights = np.array([member.p for member in group.members])
        bounds = np.cumsum(weights / weights.sum())[:-1]
        taken[np.arange(num_images), np.searchsorted(bounds, chances[:, 0], side="right")] = True
        return taken
    # the members with the lowest numbers: every set of them is equally likely
    lowest = np.argsort(chances, axis=1)[:, : group.number]
    np.put_along_axis(taken, lowest, True, axis=1)
    return taken
