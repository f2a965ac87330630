"""cells: several small cells at once, each a process, against one after another."""

import os
from collections.abc import Iterator

from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.pairs import Pairs
from benchmarks.sizes import CELLS, LITE, Size
from benchmarks.together import Cells

CASES = (
    Size("tf_efficientnet_lite0", 112, 32, 64, recipe=LITE),
    Size("resnet18", 64, 64, 128, recipe=LITE),
)
AT_ONCE = {"cuda": 4, "cpu": 2}
ON_TWO_CORES = 2


def run(asked: Asked) -> Iterator[Row]:
    """On a CPU two cells of one thread against one after the other of two; in the GPU column."""
    if asked.gpu_column:
        yield _measure_column(asked)
        return
    for case in CASES[: asked.num]:
        yield _measure(asked, case)


def _measure(asked: Asked, case: Size) -> Row:
    ours, peer = [], []
    with Cells(case, device="cpu") as cells:
        for number in range(asked.repeats):
            for way in (ours, peer) if number % 2 == 0 else (peer, ours):
                if way is ours:
                    way.append(cells.train(ON_TWO_CORES, threads=1))
                else:
                    way.append(cells.train(1, threads=ON_TWO_CORES, epochs=2))
    return row_of(
        f"2 cells × 1 thread against 1 cell × 2 threads, {case.backbone}",
        "images/s",
        Pairs(ours=tuple(ours), peer=tuple(peer)),
        num=2 * case.num,
        goal="",
        sizes=f"{case.num} images of {case.size} px a cell, batch {case.batch}, float32",
        agree=f"load {os.getloadavg()[0]:.1f} at the end, wall clock",
    )


def _measure_column(asked: Asked) -> Row:
    case, number = CELLS[asked.device], AT_ONCE[asked.device]
    together, alone = [], []
    with Cells(case, device=asked.device) as cells:
        for _ in range(min(asked.repeats, 2)):
            together.append(cells.train(number, threads=1))
            alone.append(cells.train(1, threads=1) * number)
    return row_of(
        f"{number} cells at once, {case.backbone}",
        "images/s",
        Pairs(ours=tuple(together), peer=tuple(alone)),
        num=number * case.num,
        goal="≥ 1.7×",
        sizes=f"{case.size} px, batch {case.batch}, {case.num // case.batch} steps a cell",
        agree="beside: one cell alone, times their number",
    )
