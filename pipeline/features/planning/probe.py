"""A short look at this machine's speed: images detected, steps learnt, batches answered.

Its jobs run as the work itself would: as many at once, so that they share the machine.
"""

import time
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
from pipeline.experiment.data_loading import make_batches
from pipeline.experiment.device import choose_device
from pipeline.experiment.targets import training_targets
from pipeline.experiment.tasks import member_tasks
from pipeline.experiment.work import Work
from pipeline.images.dataset import CropDataset
from pipeline.images.sampler import EpochSampler
from pipeline.images.transform import normalise
from pipeline.labels.tasks import Task
from pipeline.models.logits import predict_logits
from pipeline.models.loop import LoopSettings, State, train_epochs
from pipeline.models.schedule import Schedule
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
    in one view; operations of one image's forward pass; bytes of the GPU that training took."""
    began, (device, precision) = time.monotonic(), choose_device(work.settings)
    member, on_gpu = work.settings.members[name], device.type == "cuda"
    tasks = member_tasks(work.settings, member)
    size = member.batch_size
    size = size if on_gpu else min(BATCH, size)
    untrained = member.model_copy(update={"weights": "none", "batch_size": size})
    learning = 0.0
    if member.head is None:
        state = fresh_state(untrained, tasks, seed=0, device=device, precision=precision)
        network = state.network
        learning = _learn(
            work.settings,
            untrained,
            tasks,
            images,
            state=state,
            steps=8 if on_gpu else 1,
            device=device,
        )
    else:  # a head in closed form takes no steps: its backbone looks once, as for an answer
        network = make_network(untrained, tuple(tasks), weights="none").to(device)
    pixels = torch.zeros(size, member.image_size, member.image_size, 3, dtype=torch.uint8)
    look = partial(
        predict_logits,
        [network],
        views={"identity": lambda batch: batch},
        to_input=partial(normalise, transform=member_transform(member)),
        device=device,
        precision=precision,
    )
    with FlopCounterMode(display=False) as counter:
        look(batches=[(pixels, {})])
    spent, answered, many = 0.0, 0, 8 if on_gpu else 1
    while spent < SECONDS / 2:
        started = time.monotonic()
        look(batches=[(pixels, {})] * many)
        spent, answered = spent + time.monotonic() - started, answered + many * size
    return {
        "learning": learning,
        "answering": spent / answered,
        "operations": counter.get_total_flops() / size,
        "took": time.monotonic() - began,
        "gpu_memory": torch.cuda.max_memory_allocated() if on_gpu else 0,
    }


def _learn(
    settings: Experiment,
    member: Member,
    tasks: list[Task],
    images: pd.DataFrame,
    *,
    state: State,
    steps: int,
    device: torch.device,
) -> float:
    """Seconds of one image in the training loop, on made-up crops with true labels."""
    rows = np.arange(steps * member.batch_size) % len(images)
    part = images.iloc[rows].reset_index(drop=True)
    side = member.crop.over(settings.crop).size
    crops = np.random.default_rng(0).integers(256, size=(len(rows), side, side, 3), dtype=np.uint8)
    batches = make_batches(
        settings,
        CropDataset(
            crops,
            rows=np.arange(len(rows)),
            size=member.image_size,
            targets=training_targets(member, tasks, part),
        ),
        EpochSampler(len(rows), batch_size=member.batch_size, seed=0),
        device=device,
        batch_size=member.batch_size,
        recipe=member.augment,
    )
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
        to_input=partial(normalise, transform=member_transform(member)),
        device=device,
        mix=make_mix(member, tasks),
    ):
        epochs += 1
        spent += row["seconds"] if epochs else 0.0
        if spent >= SECONDS:
            break
    return spent / (epochs * len(rows))
