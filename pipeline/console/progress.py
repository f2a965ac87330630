"""Bars that count and say how long it will still take; lines now and then where no terminal is.

On a terminal tqdm draws one line that is removed at the end. In a file or a pipe a plain line is
written every half minute: no carriage return and no escape sequence gets into a log.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, TextIO

from pipeline.console.duration import say_duration

EVERY = 30.0  # seconds between two lines in a log
LAYOUT = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} {unit} [{elapsed}{postfix}]"
QUIET = "PIPELINE_QUIET_BARS"  # set in a process whose parent has the bar


def hide_bars() -> None:
    """No bars in this process and its children: the parent shows one for all."""
    os.environ[QUIET] = "1"
    os.environ["TQDM_DISABLE"] = "1"  # for bars of libraries; before tqdm is imported
    from tqdm import tqdm

    # tqdm's own lock is a semaphore of the system, which a process that ends at once leaves behind
    tqdm.set_lock(threading.RLock())


class Bar:
    """Counts up to `total`. Without `left` in `update` the time left follows from the mean rate."""

    def __init__(
        self, total: int, *, desc: str, unit: str = "images", stream: TextIO | None = None
    ) -> None:
        self.total, self.desc, self.unit = total, desc, unit
        self.count = 0
        self._stream = sys.stderr if stream is None else stream
        self._quiet = bool(os.environ.get(QUIET)) or total == 0
        self._started = self._told = time.monotonic()
        self._left: float | None = None
        self._drawn: Any = None
        if not self._quiet and self._stream.isatty():
            from tqdm import tqdm

            tqdm.set_lock(threading.RLock())
            self._drawn = tqdm(
                total=total,
                desc=desc,
                unit=unit,
                file=self._stream,
                leave=False,
                dynamic_ncols=True,
                bar_format=LAYOUT,
            )

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def update(self, number: int = 1, *, left: float | None = None) -> None:
        """Counts `number` more; `left` are the seconds that the caller expects from here."""
        self.count += number
        if left is not None:
            self._left = left
        if self._quiet:
            return
        if self._drawn is not None:
            self._drawn.set_postfix_str(self._say_left(), refresh=False)
            self._drawn.update(number)
            if number == 0:
                self._drawn.refresh()
        elif time.monotonic() - self._told >= EVERY and self.count < self.total:
            self._told = time.monotonic()
            said = ", ".join(word for word in (self._say_count(), self._say_left()) if word)
            print(f"{self.desc}: {said}", file=self._stream, flush=True)

    def close(self) -> None:
        """Takes the bar off the terminal."""
        if self._drawn is not None:
            self._drawn.close()

    def _say_count(self) -> str:
        return f"{self.count} of {self.total} {self.unit}"

    def _say_left(self) -> str:
        left = self._left
        if left is None:
            if self.count == 0:
                return ""
            left = (time.monotonic() - self._started) / self.count * (self.total - self.count)
        return f"{say_duration(left)} left"


def follow(
    items: Iterable[Any],
    *,
    desc: str,
    total: int | None = None,
    unit: str = "images",
    size: Callable[[Any], int] = lambda item: 1,
) -> Iterator[Any]:
    """The items as they are, counted on a bar; `size` says for how many units one of them counts.

    Raises ValueError without a `total` for items that have no length.
    """
    if total is None:
        if not isinstance(items, Sized):
            raise ValueError(f"{desc}: say the total")
        total = len(items)
    with Bar(total, desc=desc, unit=unit) as bar:
        for item in items:
            yield item
            bar.update(size(item))


def say(text: str, *, stream: TextIO | None = None) -> None:
    """Prints a line above the bars."""
    stream = sys.stdout if stream is None else stream
    if sys.stderr.isatty() and not os.environ.get(QUIET):
        from tqdm import tqdm

        tqdm.write(text, file=stream)
    else:
        print(text, file=stream, flush=True)
