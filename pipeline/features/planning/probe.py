"""A short look at this machine's speed: images detected, steps learnt, batches answered.

Its jobs run as the work itself would: as many at once, so that they share the machine.
"""

import math
import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

from pipeline.config import Experiment, Member
from pipeline.experiment.build import (
    fresh_state,
    make_criteria,
    make_mix,
    make_network,
    member_transform,
)
from pipeline.experiment.data_loading import Feed, make_batches
from pipeline.experiment.device import choose_device
from pipeline.experiment.targets import training_targets
from pipeline.experiment.tasks import member_tasks
from pipeline.experiment.work import Work
from pipeline.images.dataset import CropDataset
from pipeline.images.map_store import maps_to_input
from pipeline.images.sampler import EpochSampler
from pipeline.images.transform import normalise
from pipeline.labels.tasks import Task
from pipeline.models.logits import ToInput, predict_logits
from pipeline.models.loop import LoopSettings, State, train_epochs
from pipeline.models.schedule import Schedule
from pipeline.models.trunk import Cut, Tail, find_cut
from pipeline.preprocessing.shards import face_rows

BATCH = 16  # images of a probe's batch on a CPU, where the rate hardly depends on it
SECONDS = 2.0  # each thing is repeated for so long, at least once after a warm-up


def probe_faces(work: Work, *, images: pd.DataFrame) -> dict[str, float]:
    """Seconds of one image: decoded and its face found; cutting it out is little beside that."""
    began = time.monotonic()
    face_rows(work.settings, work.runs.root, images.iloc[:2])
    started = time.monotonic()
    face_rows(work.settings, work.runs.root, images)
    seconds = (time.monotonic() - started) / len(images)
    return {"seconds": seconds, "took": time.monotonic() - began}


def probe_member(work: Work, *, name: str, images: pd.DataFrame) -> dict[str, float]:
    """Seconds of one image learnt (0 for a head in closed form), and of one answered by one network
    in one view; operations of one image's forward pass; bytes of the GPU that training took.

    `learning`, `judging` and `epoch_operations` are those of an epoch: behind a cached trunk, of
    the rest alone, and `map_bytes` are those of an image's maps. Without one they are 0.
    """
    began, (device, precision) = time.monotonic(), choose_device(work.settings)
    member, on_gpu = work.settings.members[name], device.type == "cuda"
    tasks = member_tasks(work.settings, member)
    size = member.batch_size
    size = size if on_gpu else min(BATCH, size)
    untrained = member.model_copy(update={"weights": "none", "batch_size": size})
    learning, map_bytes, tail = 0.0, 0, None
    if member.head is None:
        state = fresh_state(untrained, tasks, seed=0, device=device, precision=precision)
        network = state.network
        if member.trunk is not None:
            cut = find_cut(network.backbone, image_size=member.image_size)
            map_bytes = math.prod(cut.shape) * np.dtype(member.trunk.precision).itemsize
            tail = Tail(network.backbone, cut)
        learning = _learn(
            work.settings,
            untrained,
            tasks,
            images,
            state=state,
            steps=8 if on_gpu else 1,
            device=device,
            cut=None if tail is None else cut,
        )
    else:  # a head in closed form takes no steps: its backbone looks once, as for an answer
        network = make_network(untrained, tuple(tasks), weights="none").to(device)
    look = partial(
        predict_logits,
        [network],
        views={"identity": lambda batch: batch},
        device=device,
        precision=precision,
    )
    if tail is not None:
        assert member.trunk is not None, "a tail is what a member with `trunk` trains"
        maps = torch.zeros(size, *cut.shape, dtype=getattr(torch, member.trunk.precision))
        judge = partial(look, to_input=maps_to_input)
        with FlopCounterMode(display=False) as counter:
            judge(batches=[(maps, {})])
        epoch_operations = counter.get_total_flops() / size
        judging = _time(judge, maps, on_gpu=on_gpu)
        tail.release()
    pixels = torch.zeros(size, member.image_size, member.image_size, 3, dtype=torch.uint8)
    look = partial(look, to_input=partial(normalise, transform=member_transform(member)))
    with FlopCounterMode(display=False) as counter:
        look(batches=[(pixels, {})])
    operations = counter.get_total_flops() / size
    answering = _time(look, pixels, on_gpu=on_gpu)
    if tail is None:
        judging, epoch_operations = answering, operations
    return {
        "learning": learning,
        "answering": answering,
        "judging": judging,
        "epoch_operations": epoch_operations,
        "map_bytes": map_bytes,
        "operations": operations,
        "took": time.monotonic() - began,
        "gpu_memory": torch.cuda.max_memory_allocated() if on_gpu else 0,
    }


def _time(look: Callable[..., object], batch: torch.Tensor, *, on_gpu: bool) -> float:
    """Seconds of one image of a batch that is looked at again and again."""
    spent, answered, many = 0.0, 0, 8 if on_gpu else 1
    while spent < SECONDS / 2:
        started = time.monotonic()
        look(batches=[(batch, {})] * many)
        spent, answered = spent + time.monotonic() - started, answered + many * len(batch)
    return spent / answered


def _learn(
    settings: Experiment,
    member: Member,
    tasks: list[Task],
    images: pd.DataFrame,
    *,
    state: State,
    steps: int,
    device: torch.device,
    cut: Cut | None,
) -> float:
    """Seconds of one image in the training loop, on made-up crops, or maps where the backbone is
    cut, with true labels."""
    rows = np.arange(steps * member.batch_size) % len(images)
    part = images.iloc[rows].reset_index(drop=True)
    targets = training_targets(member, tasks, part)
    sampler = EpochSampler(len(rows), batch_size=member.batch_size, seed=0)
    batches: Feed | _MadeUpMaps
    to_input: ToInput
    if cut is not None:
        batches, to_input = _MadeUpMaps(sampler, cut=cut, targets=targets), maps_to_input
    else:
        batches = _made_up_crops(settings, member, sampler, targets=targets, device=device)
        to_input = partial(normalise, transform=member_transform(member))
    _, precision = choose_device(settings)
    loop_settings = LoopSettings(
        criteria=make_criteria(member, tasks, images),
        schedule=Schedule(),
        num_epochs=1000,
        seed=0,
        clip_norm=member.clip_norm,
        frozen_norm=member.frozen_norm,
        precision=precision,
        compiled=settings.compile,
    )
    spent, epochs = 0.0, -1  # the first one warms up
    for row in train_epochs(
        state,
        settings=loop_settings,
        loader=batches,
        held_out=None,
        to_input=to_input,
        device=device,
        mix=make_mix(member, tasks),
    ):
        epochs += 1
        spent += row["seconds"] if epochs else 0.0
        if spent >= SECONDS:
            break
    return spent / (epochs * len(rows))


def _made_up_crops(
    settings: Experiment,
    member: Member,
    sampler: EpochSampler,
    *,
    targets: dict[str, np.ndarray],
    device: torch.device,
) -> Feed:
    """Batches of noise, read and augmented as training reads them."""
    num, side = sampler.num_samples, member.crop.over(settings.crop).size
    crops = np.random.default_rng(0).integers(256, size=(num, side, side, 3), dtype=np.uint8)
    return make_batches(
        settings,
        CropDataset(crops, rows=np.arange(num), size=member.image_size, targets=targets),
        sampler,
        device=device,
        batch_size=member.batch_size,
        recipe=member.augment,
    )


class _MadeUpMaps:
    """Batches of noise in the shape of a cached trunk's maps."""

    def __init__(self, sampler: EpochSampler, *, cut: Cut, targets: dict[str, np.ndarray]) -> None:
        self.batch_sampler = sampler
        self._shape, self._targets = cut.shape, targets

    def __len__(self) -> int:
        return len(self.batch_sampler)

    def __iter__(self) -> Iterator[tuple[torch.Tensor, dict[str, torch.Tensor]]]:
        for batch in self.batch_sampler:
            places = [position for position, _ in batch]
            maps = torch.randn(len(batch), *self._shape)
            yield maps, {task: torch.from_numpy(v[places]) for task, v in self._targets.items()}
