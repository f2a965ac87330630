"""gpu_cells: several small cells on one GPU, each a process, against one after another."""

import multiprocessing
import time
from statistics import median

import torch

from pipeline.benchmarks.pairs import Pairs
from pipeline.images.transform import Transform
from pipeline.learning.heads import HeadShape
from pipeline.learning.network import build_network, input_statistics
from pipeline.stages.benches import Asked, Row, row_of
from pipeline.stages.benches.gpu_step import random_batches
from pipeline.stages.benches.step import TASK, our_epochs

BACKBONE, SIZE, BATCH, NUM_STEPS, NUM_CELLS = "resnet18", 64, 64, 300, 4
WAIT = 120.0  # seconds for all processes to be ready


def run(asked: Asked) -> list[Row]:
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    together, alone = context.Barrier(NUM_CELLS), context.Barrier(1)
    seconds: dict[str, list[float]] = {"together": [], "alone": []}
    for _ in range(min(asked.repeats, 2)):
        seconds["together"].append(_train(context, together, answers, asked, number=NUM_CELLS))
        seconds["alone"].append(_train(context, alone, answers, asked, number=1) * NUM_CELLS)
    pairs = Pairs(ours=tuple(seconds["together"]), peer=tuple(seconds["alone"]))
    return [
        row_of(
            f"{NUM_CELLS} cells at once, ResNet-18",
            "pictures/s",
            pairs,
            num=NUM_CELLS * NUM_STEPS * BATCH,
            goal="≥ 1.7×",
            sizes=f"{SIZE} px, batch {BATCH}, {NUM_STEPS} steps a cell, bfloat16",
            agree=f"one alone {median(seconds['alone']) / NUM_CELLS:.1f} s, "
            f"all at once {median(seconds['together']):.1f} s",
        )
    ]


def _train(context, barrier, answers, asked: Asked, *, number: int) -> float:
    """Seconds from the start of the first cell to the end of the last, without their warming up."""
    cells = [
        context.Process(target=train_a_cell, args=(barrier, answers, asked.device, NUM_STEPS))
        for _ in range(number)
    ]
    for cell in cells:
        cell.start()
    times = [answers.get(timeout=WAIT) for _ in cells]
    for cell in cells:
        cell.join()
    return max(end for _, end in times) - min(start for start, _ in times)


def train_a_cell(barrier, answers, device_name: str, num_steps: int) -> None:
    """One epoch to warm up, then all wait for each other, and one that counts."""
    device = torch.device(device_name)
    torch.manual_seed(0)
    network = build_network(BACKBONE, weights="none", heads={TASK.name: HeadShape(3)})
    epochs = our_epochs(
        network,
        random_batches(num_steps, size=SIZE, batch_size=BATCH),
        Transform(SIZE, *input_statistics(BACKBONE)),
        device,
        repeats=1,
        precision="bfloat16",
    )
    epochs(0)
    barrier.wait(timeout=WAIT)
    started = time.time()
    epochs(1)
    answers.put((started, time.time()))
