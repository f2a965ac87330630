"""What a benchmark is asked for and what it gives: `run(asked)` of each module yields Rows."""

import os
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.peers.pairs import Pairs


@dataclass(frozen=True)
class Asked:
    """What a benchmark is to do: where it may write, whose images, how many, how often."""

    folder: Path
    root: Path | None = None  # a folder of images; drawn ones without
    num: int | None = None  # items; the benchmark's own number when null
    repeats: int = 3
    clock: str = "wall"  # cpu: seconds of this process, for a machine that others use too
    device: str = "cpu"
    epochs: int | None = None  # of every member of a whole contest; the recipe's own when null
    gpu_column: bool = False  # the sizes of the GPU column; on device cpu these are tiny

    def ready(self) -> None:
        """Waits until the device has done all it was asked for."""
        if self.device == "cuda":
            import torch

            torch.cuda.synchronize()


@dataclass(frozen=True)
class Row:
    """One line of the table: both rates, how many times as fast ours is, and whether they agree."""

    name: str
    unit: str
    ours: float | None = None
    peer: float | None = None
    ratio: float | None = None
    low: float | None = None  # the least and greatest ratio of the repeats
    high: float | None = None
    goal: str = ""
    sizes: str = ""
    agree: str = ""
    facts: dict = field(default_factory=dict)  # whatever else was measured
    failed: bool = False  # it could not be measured; `agree` says why

    def as_dict(self) -> dict:
        return asdict(self)


def show_trace() -> None:
    """Prints the current error's traceback where PIPELINE_TRACEBACK is set."""
    if os.environ.get("PIPELINE_TRACEBACK"):
        traceback.print_exc()


def row_of(name: str, unit: str, pairs: Pairs, *, num: int, **rest) -> Row:
    """The row of measured pairs, `num` items a repeat."""
    return Row(name=name, unit=unit, **pairs.rates(num), **rest)


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, which is also how they are printed."""
    lines = [
        "| what | ours | peer | unit | ratio (least..greatest) | goal | sizes | agreement |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        spread = "" if row.low is None else f" ({row.low:.2f}..{row.high:.2f})"
        ratio = "–" if row.ratio is None else f"{row.ratio:.2f}×{spread}"
        cells = [row.name, _number(row.ours), _number(row.peer), row.unit, ratio]
        lines.append("| " + " | ".join([*cells, row.goal, row.sizes, row.agree]) + " |")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"
