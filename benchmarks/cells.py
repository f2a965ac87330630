"""cells: two cells at once of one thread each, against one after the other with two threads."""

import os

from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.pairs import Pairs
from benchmarks.sizes import LITE, Size
from benchmarks.together import Cells

CASES = (
    Size("tf_efficientnet_lite0", 112, 32, 64, recipe=LITE),
    Size("resnet18", 64, 64, 128, recipe=LITE),
)


def run(asked: Asked) -> list[Row]:
    return [_measure(asked, case) for case in CASES[: asked.num]]


def _measure(asked: Asked, case: Size) -> Row:
    ours, peer = [], []
    with Cells(case, device="cpu") as cells:
        for number in range(asked.repeats):
            for way in (ours, peer) if number % 2 == 0 else (peer, ours):
                if way is ours:
                    way.append(cells.train(2, threads=1))
                else:
                    way.append(cells.train(1, threads=2, epochs=2))
    return row_of(
        f"2 cells × 1 thread against 1 cell × 2 threads, {case.backbone}",
        "images/s",
        Pairs(ours=tuple(ours), peer=tuple(peer)),
        num=2 * case.num,
        goal="",
        sizes=f"{case.num} images of {case.size} px a cell, batch {case.batch}, float32",
        agree=f"load {os.getloadavg()[0]:.1f} at the end, wall clock",
    )
