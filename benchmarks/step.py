"""step: the training loop that ships against a float32 NCHW loop, same network, batches, steps."""

import copy
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from torch import nn

from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.pairs import measure_pairs
from benchmarks.peers.step import plain_epoch
from benchmarks.sizes import STEP, Size
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
CASES = (
    Size("tf_efficientnet_lite0", 112, 32, 96),
    Size("tf_efficientnet_lite0", 112, 32, 96, freeze=4),
    Size("resnet18", 64, 64, 192),
)


class Batches:
    """The same batches every epoch, with what the loop asks of a loader."""

    def __init__(self, batches: list) -> None:
        self.batches, self.batch_sampler = batches, self
        self.epoch = 0

    def __iter__(self) -> Iterator:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)


def run(asked: Asked) -> Iterator[Row]:
    """On a CPU in float32; in the GPU column in bfloat16, eager and compiled."""
    if asked.gpu_column:
        yield from _measure(asked, STEP[asked.device], precision="bfloat16", goal="≥ 2.5×")
        return
    for case in CASES[: asked.num]:
        yield from _measure(asked, case, precision="float32", goal="≥ 1.5×")


def _measure(asked: Asked, case: Size, *, precision: str, goal: str) -> Iterator[Row]:
    device = torch.device(asked.device)
    transform = Transform(case.size, *input_statistics(case.backbone))
    batches = random_batches(case)
    torch.manual_seed(0)
    heads = {TASK.name: HeadShape(3)}
    network = build_network(case.backbone, weights="none", heads=heads, freeze=case.freeze)
    peer = plain_epochs(copy.deepcopy(network), batches, transform, device)
    plain = peer(0)
    for compiled in (False, True) if asked.device == "cuda" else (False,):
        ours = our_epochs(
            copy.deepcopy(network),
            batches,
            transform,
            device,
            repeats=asked.repeats,
            precision=precision,
            compiled=compiled,
        )
        first = ours(0)
        pairs, _ = measure_pairs(
            ours, peer, range(asked.repeats), clock=asked.clock, ready=asked.ready
        )
        yield row_of(
            f"training step, {case.name}" + (", compile=true" if compiled else ""),
            "images/s",
            pairs,
            num=case.num,
            goal=goal,
            sizes=f"{case.size} px, batch {case.batch}, AdamW, {precision} against float32",
            agree=f"first epoch's loss {first:.4f} and {plain:.4f}",
            facts={"losses": (first, plain)},
        )


def random_batches(case: Size) -> list:
    """The same random pixels in every batch, with other labels: what they show costs nothing."""
    rng = np.random.default_rng(0)
    shape = (case.batch, case.size, case.size, 3)
    pixels = torch.from_numpy(rng.integers(256, size=shape, dtype=np.uint8))
    labels = rng.integers(3, size=(case.num // case.batch, case.batch))
    return [(pixels, {TASK.name: torch.from_numpy(row)}) for row in labels]


def our_epochs(
    network: nn.Module,
    batches: Iterable,
    transform: Transform,
    device: torch.device,
    *,
    repeats: int,
    precision: str = "float32",
    compiled: bool = False,
) -> Callable[[int], float]:
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
        settings=LoopSettings(
            criteria=(Criterion(task=TASK, loss="cross_entropy"),),
            schedule=Schedule(),
            num_epochs=repeats + WORTH_LEARNING,  # as in a long training, which this speaks for
            seed=1,
            precision=precision,
            compiled=compiled,
        ),
        loader=Batches(batches) if isinstance(batches, list) else batches,
        held_out=None,
        to_input=lambda pixels: normalise(pixels, transform=transform),
        device=device,
    )
    return lambda _: next(epochs)["train_loss"]


def plain_epochs(
    network: nn.Module, batches: list, transform: Transform, device: torch.device
) -> Callable[[int], float]:
    """The same of the plain loop."""
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
