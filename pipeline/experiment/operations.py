"""How many operations a member's work takes: counted, so the same on every machine and at once."""

import math
from functools import partial

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from pipeline.config import Experiment
from pipeline.experiment.build import make_network, member_transform
from pipeline.experiment.tasks import member_tasks
from pipeline.images.map_store import maps_to_input
from pipeline.images.transform import normalise
from pipeline.models.logits import ToInput, predict_logits
from pipeline.models.network import FaceNetwork
from pipeline.models.trunk import Tail, find_cut


def count_member(settings: Experiment, name: str) -> dict[str, float]:
    """What `probe_member` finds out of one image, but for its seconds, which are 0: no clock is
    looked at."""
    member = settings.members[name]
    tasks = tuple(member_tasks(settings, member))
    network = make_network(member.model_copy(update={"weights": "none"}), tasks, weights="none")
    side = member.image_size
    pixels = torch.zeros(1, side, side, 3, dtype=torch.uint8)
    to_input = partial(normalise, transform=member_transform(member))
    operations = _operations(network, pixels, to_input=to_input)
    epoch_operations, map_bytes = operations, 0
    if member.trunk is not None:
        cut = find_cut(network.backbone, image_size=side)
        map_bytes = math.prod(cut.shape) * np.dtype(member.trunk.precision).itemsize
        maps = torch.zeros(1, *cut.shape, dtype=getattr(torch, member.trunk.precision))
        tail = Tail(network.backbone, cut)
        epoch_operations = _operations(network, maps, to_input=maps_to_input)
        tail.release()
    return {
        "learning": 0.0,
        "answering": 0.0,
        "judging": 0.0,
        "operations": operations,
        "epoch_operations": epoch_operations,
        "map_bytes": map_bytes,
        "gpu_memory": 0.0,
    }


def _operations(network: FaceNetwork, batch: torch.Tensor, *, to_input: ToInput) -> float:
    """Of the forward pass of a batch of one image or its maps."""
    with FlopCounterMode(display=False) as counter:
        predict_logits(
            [network],
            views={"identity": lambda images: images},
            device=torch.device("cpu"),
            precision="float32",
            batches=[(batch, {})],
            to_input=to_input,
        )
    return counter.get_total_flops()
