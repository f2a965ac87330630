"""Watches a training from outside: a line for each epoch that ended, and a bar with the time left.

The cells are trained here, in processes beside or on other machines, and know nothing of this: all
that is read are the histories that they write.
"""

import json
import shutil
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from pipeline.config import Experiment
from pipeline.console import Bar, paint, say, say_duration
from pipeline.jobs.job import Outcome
from pipeline.storage import Cell, Runs
from pipeline.training.time_left import ALONE, MAKING, CellClock, seconds_left

LOOK_EVERY = 1.0  # seconds
NO_METRICS = {  # what a row of the history holds beside the metrics
    "epoch",
    "lr",
    "train_loss",
    "held_out_loss",
    "score",
    "seconds",
    "images_per_second",
    "memory_mb",
    MAKING,
}


class TrainingMonitor:
    """Looks at the cells' histories every second until the block ends."""

    def __init__(
        self,
        runs: Runs,
        settings: Experiment,
        clocks: Mapping[Cell, CellClock],
        images: Mapping[Cell, float],
        *,
        slots: int,
        share_device: bool,
    ) -> None:
        self.runs = runs
        self.settings = settings
        self.clocks = clocks
        self.images = images  # that an epoch of each cell shows
        self.slots = slots
        self.alone = ALONE if share_device else 1.0
        self.bar = Bar(
            round(sum(clock.epochs * images[cell] for cell, clock in clocks.items())),
            desc="train",
        )
        self._seen = {cell: len(_rows(runs.history(cell))) for cell in clocks}
        self._names = {cell.name: self._short_name(cell) for cell in clocks}
        self._num_done = 0
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True)

    def __enter__(self) -> "TrainingMonitor":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            self.look()

    def look(self) -> None:
        """Prints the epochs that ended since the last look, and sets the bar."""
        with self._lock:
            now = time.monotonic()
            open_cells = sum(not clock.done for clock in self.clocks.values())
            running = min(self.slots, open_cells)
            fresh: list[tuple[Cell, list[dict]]] = []
            for cell, clock in self.clocks.items():
                if clock.done:
                    continue
                rows = _rows(self.runs.history(cell))
                new = rows[self._seen[cell] :]
                if new:
                    making = new[0].get(MAKING, 0.0)
                    measured = new[-1]["seconds"] - making
                    clock.end_epochs(
                        len(new), now=now, measured=measured, making=making, running=running
                    )
                    self._seen[cell] = len(rows)
                    fresh += [(cell, rows[: row["epoch"]]) for row in new]
                if self.runs.done(cell).exists():
                    clock.finish(now=now)
            clocks = list(self.clocks.values())
            left = seconds_left(clocks, slots=self.slots, now=now, alone=self.alone)
            for cell, rows in fresh:
                say(self._line(cell, rows, left=left))
            self.bar.update(self._count() - self.bar.count, left=left)

    def report_cell(self, outcome: Outcome) -> None:
        """Says that a cell is done, which epoch it keeps, and since when cells are trained."""
        self.look()
        self._num_done += 1
        facts = outcome.facts
        metric = facts["decided_by"].rpartition(".")[2]
        minutes = (time.monotonic() - self._started) / 60.0
        kept = f"keeps epoch {facts['best_epoch']} of {facts['num_epochs']}, "
        if facts["num_epochs"] == 1:
            kept = ""
        say(
            f"train: {self._names[outcome.job]} done ({self._num_done} of {len(self.clocks)}): "
            f"{kept}{metric} {facts['best_value']:.4f}, after {minutes:.1f} min"
        )

    def _count(self) -> int:
        count = 0.0
        for cell, clock in self.clocks.items():
            epochs = clock.epochs if clock.done else min(clock.ended, clock.epochs)
            count += epochs * self.images[cell]
        return min(self.bar.total, round(count))

    def _line(self, cell: Cell, rows: Sequence[dict], *, left: float | None) -> str:
        member = self.settings.members[cell.member]
        line = epoch_line(
            self._names[cell.name],
            rows,
            epochs=member.epochs,
            left=left,
            columns=_columns(),
            show_best=True,
        )
        return line.replace(" best ", f" {paint('best', 'green', stream=sys.stdout)} ", 1)

    def _short_name(self, cell: Cell) -> str:
        return short_name(cell, num_seeds=len(self.settings.members[cell.member].seeds))


def short_name(cell: Cell, *, num_seeds: int) -> str:
    """`mask/fold0`; with the seed only where the member is trained with several."""
    return cell.name if num_seeds > 1 else cell.name.rpartition("-seed")[0]


def epoch_line(
    name: str,
    rows: Sequence[dict],
    *,
    epochs: int,
    left: float | None,
    columns: int | None = None,
    show_best: bool = True,
) -> str:
    """The last of these epochs in words, as in `mask/fold0 3/4 loss 0.041 held-out 0.033 ...`.

    Where `columns` are too few for all, speed, memory and the held-out loss are left out.
    """
    row = rows[-1]
    parts = {"name": f"{name} {row['epoch']}/{epochs}", "loss": f"loss {row['train_loss']:.3f}"}
    if "held_out_loss" in row:
        parts["held_out"] = f"held-out {row['held_out_loss']:.3f}"
    if any("." in key for key in row):
        parts["metric"] = say_metric(row)
        is_best = all(row["score"] > earlier["score"] for earlier in rows[:-1])
        if show_best and is_best and epochs > 1:
            parts["best"] = "best"
    if "images_per_second" in row:
        parts["speed"] = f"{row['images_per_second']:.0f} img/s"
    if "memory_mb" in row:
        parts["memory"] = f"{row['memory_mb'] / 1024:.1f} GB"
    if left is not None:
        parts["left"] = f"left {say_duration(left)}"
    for narrow in ("memory", "speed", "held_out"):
        if columns is None or len(" ".join(filter(None, parts.values()))) < columns:
            break
        parts.pop(narrow, None)
    return " ".join(filter(None, parts.values()))


def say_metric(row: Mapping[str, float]) -> str:
    """The metric that stands for an epoch: the answer's, or that of the tasks, at most two."""
    names = [key for key in row if key not in NO_METRICS]
    answer = [key for key in names if key.startswith("answer.")]
    chosen = (answer or names)[:2]
    if len(chosen) == 1:
        return f"{chosen[0].partition('.')[2]} {row[chosen[0]]:.3f}"
    return " ".join(f"{key} {row[key]:.3f}" for key in chosen)


def _rows(path: Path) -> list[dict]:
    """The epochs of a history; none where it is not there yet."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines]


def _columns() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
