"""How long auto may go on: hours of work, or until an hour of the day."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

OPTIONS = ("hours", "until")


@dataclass(frozen=True)
class Budget:
    """Seconds that may be worked in all, of which `spent` went before this process began."""

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
    now: datetime,
    clock: Callable[[], float] = time.monotonic,
) -> Budget:
    """The budget of `hours=3` or `until=18:30`, after `spent` seconds of earlier commands.

    `hours` counts the work of all commands on this experiment, so the same command after a kill
    goes on with the hours that are left. `until` is the next such hour of this machine's clock.
    Raises ValueError for none or both, and for what is no time.
    """
    given = [key for key in OPTIONS if key in options]
    if len(given) != 1:
        raise ValueError("auto: how long? hours=3 or until=18:30, one of them")
    if given == ["hours"]:
        seconds = 3600.0 * _hours(options["hours"])
    else:
        seconds = spent + _seconds_until(options["until"], now)
    return Budget(seconds=seconds, spent=spent, began=clock(), clock=clock)


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
