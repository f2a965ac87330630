"""step: the training loop that ships against a float32 NCHW loop, same network, batches, steps."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.pairs import measure_pairs
from benchmarks.peers.step import plain_epoch
from pipeline.images.transform import Transform, normalise
from pipeline.labels.tasks import Task
from pipeline.models.heads import HeadShape
from pipeline.models.loop import LoopSettings, State, train_epochs
from pipeline.models.losses import Criterion
from pipeline.models.network import build_network, input_statistics
from pipeline.models.optimiser import build_optimiser
from pipeline.models.schedule import Schedule
from pipeline.models.speedups import WORTH_LEARNING

TASK = Task(name="mask", kind="multiclass", column="mask", classes=("worn", "wrong", "none"))
NUM_STEPS = 3


@dataclass(frozen=True)
class Case:
    """A network to train, and the batch it learns from."""

    name: str
    backbone: str
    size: int
    batch_size: int
    freeze: int = 0


CASES = (
    Case("EfficientNet-Lite0, all learns", "tf_efficientnet_lite0", 112, 32),
    Case("EfficientNet-Lite0, freeze: 4", "tf_efficientnet_lite0", 112, 32, freeze=4),
    Case("ResNet-18", "resnet18", 64, 64),
)


class Batches:
    """The same batches every epoch, with what the loop asks of a loader."""

    def __init__(self, batches: list) -> None:
        self.batches, self.batch_sampler = batches, self
        self.epoch = 0

    def __iter__(self):
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


def run(asked: Asked) -> list[Row]:
    return [_measure(asked, case) for case in CASES[: asked.num]]


def _measure(asked: Asked, case: Case) -> Row:
    device = torch.device(asked.device)
    transform = Transform(case.size, *input_statistics(case.backbone))
    rng = np.random.default_rng(0)
    batches = [
        (
            torch.from_numpy(rng.integers(256, size=_shape(case), dtype=np.uint8)),
            {TASK.name: torch.from_numpy(rng.integers(3, size=case.batch_size))},
        )
        for _ in range(NUM_STEPS)
    ]
    torch.manual_seed(0)
    network = build_network(
        case.backbone, weights="none", heads={TASK.name: HeadShape(3)}, freeze=case.freeze
    )
    ours = our_epochs(copy.deepcopy(network), batches, transform, device, repeats=asked.repeats)
    peer = plain_epochs(copy.deepcopy(network), batches, transform, device)
    first = ours(0), peer(0)
    pairs, _ = measure_pairs(ours, peer, range(asked.repeats), clock=asked.clock)
    return row_of(
        f"training step, {case.name}",
        "images/s",
        pairs,
        num=NUM_STEPS * case.batch_size,
        goal="≥ 1.5×",
        sizes=f"{case.size} px, batch {case.batch_size}, AdamW, float32",
        agree=f"first epoch's loss {first[0]:.4f} and {first[1]:.4f}",
        facts={"losses": first},
    )


def our_epochs(
    network: nn.Module,
    batches: Iterable,
    transform: Transform,
    device: torch.device,
    *,
    repeats: int,
    precision: str = "float32",
    compiled: bool = False,
):
    """A function that trains one epoch more with the shipped loop and gives its mean loss."""
    network = network.to(device, memory_format=torch.channels_last)
    state = State(
        network=network,
        optimiser=_optimiser(network, device),
        ema=None,
        scaler=torch.amp.GradScaler(device.type, enabled=False),
    )
    epochs = train_epochs(
        state,
        recipe=LoopSettings(
            criteria=(Criterion(task=TASK, loss="cross_entropy"),),
            schedule=Schedule(),
            num_epochs=repeats + WORTH_LEARNING,  # as in a long training, which this speaks for
            seed=1,
            precision=precision,
            compiled=compiled,
        ),
        loader=Batches(batches) if isinstance(batches, list) else batches,
        held_out=None,
        held_out_targets={},
        to_input=lambda pixels: normalise(pixels, transform=transform),
        score=lambda logits: {},
        device=device,
        show=lambda batches: batches,
    )
    return lambda _: next(epochs)["train_loss"]


def plain_epochs(network: nn.Module, batches: list, transform: Transform, device: torch.device):
    network = network.to(device)
    network.train()
    for module in network.backbone.modules():  # a frozen layer's BatchNorm rests in both ways
        parameters = list(module.parameters())
        if isinstance(module, nn.BatchNorm2d) and not any(p.requires_grad for p in parameters):
            module.eval()
    trained = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.0)
    nchw = [
        (pixels.permute(0, 3, 1, 2).contiguous(), labels[TASK.name]) for pixels, labels in batches
    ]
    return lambda _: plain_epoch(
        network,
        optimiser,
        nchw,
        task=TASK.name,
        mean=transform.mean,
        std=transform.std,
        device=device,
    )


def _optimiser(network: nn.Module, device: torch.device) -> torch.optim.Optimizer:
    return build_optimiser(
        network,
        name="adamw",
        lr=1e-4,
        backbone_lr=1.0,
        weight_decay=0.0,
        momentum=0.9,
        fused=device.type == "cuda",
    )


def _shape(case: Case) -> tuple[int, ...]:
    return case.batch_size, case.size, case.size, 3
