"""How long auto may go on: hours of work, or until an hour of the day."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.storage import atomic_write, read_json

OPTIONS = ("hours", "until")
BEAT = 10.0  # seconds between two notes of the time that was worked


@dataclass(frozen=True)
class Budget:
    """Seconds that may be worked in all, of which `spent` went before this command began."""

    seconds: float
    spent: float = 0.0
    began: float = 0.0
    clock: Callable[[], float] = time.monotonic

    @property
    def used(self) -> float:
        """Seconds worked so far, those of earlier processes with them."""
        return self.spent + self.clock() - self.began

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.seconds - self.used


def read_budget(
    options: Mapping[str, str],
    *,
    spent: float,
    began: float,
    now: datetime | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Budget:
    """The budget of `hours=3` or `until=18:30`, after `spent` seconds of earlier commands.

    `began` is when the command began, by `clock`: what it did before it read the budget (index,
    crops) counts too. `hours` counts the work of all commands on this experiment, so the same
    command after a kill goes on with the hours that are left. `until` is the next such hour of this
    machine's clock after the command began. Raises ValueError for none or both, and for no time.
    """
    given = [key for key in OPTIONS if key in options]
    if len(given) != 1:
        raise ValueError("auto: how long? hours=3 or until=18:30, one of them")
    if given == ["hours"]:
        seconds = 3600.0 * _hours(options["hours"])
    else:
        at_first = (now or datetime.now()) - timedelta(seconds=clock() - began)
        seconds = spent + _seconds_until(options["until"], at_first)
    return Budget(seconds=seconds, spent=spent, began=began, clock=clock)


def read_spent(path: Path) -> float:
    """Seconds that earlier commands worked, as `note_spent` wrote them last; 0 before."""
    return read_json(path)["seconds"] if path.exists() else 0.0


@contextmanager
def note_spent(path: Path, budget: Budget) -> Iterator[None]:
    """Notes every few seconds of the block what was worked so far: a kill keeps the count."""
    ended = threading.Event()

    def note() -> None:
        while not ended.wait(BEAT):
            _write_spent(path, budget)

    thread = threading.Thread(target=note, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        _write_spent(path, budget)


def _write_spent(path: Path, budget: Budget) -> None:
    # not as a short write that a signal waits for: that is the main thread's alone
    with atomic_write(path, short=False) as temporary:
        temporary.write_text(json.dumps({"seconds": budget.used}) + "\n", encoding="utf-8")


def _hours(text: str) -> float:
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0.0 < hours < 24.0 * 365.0:
        raise ValueError(f"auto: hours={text} must be a number above 0, as in hours=1.5")
    return hours


def _seconds_until(text: str, now: datetime) -> float:
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    if found is None:
        raise ValueError(f"auto: until={text} must be an hour of the day, as in until=18:30")
    end = now.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    if end <= now:
        end += timedelta(days=1)
    return (end - now).total_seconds()
