"""gpu_cells: several small cells on one GPU, each a process, against one after another."""

from collections.abc import Iterator
from statistics import median

from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.pairs import Pairs
from benchmarks.sizes import CELLS
from benchmarks.together import Cells

NUM_CELLS = {"cuda": 4, "cpu": 2}


def run(asked: Asked) -> Iterator[Row]:
    case, number = CELLS[asked.device], NUM_CELLS[asked.device]
    seconds: dict[str, list[float]] = {"together": [], "alone": []}
    with Cells(case, device=asked.device) as cells:
        for _ in range(min(asked.repeats, 2)):
            seconds["together"].append(cells.train(number, threads=1))
            seconds["alone"].append(cells.train(1, threads=1) * number)
    pairs = Pairs(ours=tuple(seconds["together"]), peer=tuple(seconds["alone"]))
    yield row_of(
        f"{number} cells at once, {case.backbone}",
        "images/s",
        pairs,
        num=number * case.num,
        goal="≥ 1.7×",
        sizes=f"{case.size} px, batch {case.batch}, {case.num // case.batch} steps a cell",
        agree=f"one alone {median(seconds['alone']) / number:.1f} s, "
        f"all at once {median(seconds['together']):.1f} s",
    )
