"""SIGINT and SIGTERM: a write in hand is finished, then the work stops; a second one stops now.

So does work that may last so many seconds only.
"""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ALARM = getattr(signal, "SIGALRM", None)  # some systems have none: nothing is stopped there
SOON = 0.001  # seconds: a timer of 0 would never ring


class StoppedError(BaseException):
    """Somebody asked the work to stop; `number` is the signal. No error that a stage may catch."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class TimeUpError(StoppedError):
    """The seconds that were given to a piece of work are over."""


class _Hand:
    """Whether a write is in hand, and the signal that came meanwhile."""

    writes = 0
    asked: int | None = None


def install_signal_handlers() -> None:
    """Takes over both signals for this process."""
    _Hand.writes, _Hand.asked = 0, None
    for number in SIGNALS:
        signal.signal(number, _note)


def _note(number: int, frame: object) -> None:
    if _Hand.writes and _Hand.asked is None:
        _Hand.asked = number
        return
    _Hand.asked = None
    raise _stop(number)


def _stop(number: int) -> StoppedError:
    return TimeUpError(number) if number == ALARM else StoppedError(number)


@contextmanager
def stop_after(seconds: float) -> Iterator[None]:
    """Raises TimeUpError in the block once it has lasted so long; a write in hand is finished.

    Only the main thread of a process can be stopped: another one goes on to its end.
    """
    if ALARM is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    began = time.monotonic()
    handler = signal.signal(ALARM, _note)
    others, _ = signal.setitimer(signal.ITIMER_REAL, max(seconds, SOON))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(ALARM, handler)
        if _Hand.asked == ALARM:
            _Hand.asked = None
        if others:  # a process has one such timer: who set it before has it back
            left = others - (time.monotonic() - began)
            signal.setitimer(signal.ITIMER_REAL, max(left, SOON))


@contextmanager
def finishing() -> Iterator[None]:
    """A short write that is finished before the work stops."""
    _Hand.writes += 1
    try:
        yield
    finally:
        _Hand.writes -= 1
    if not _Hand.writes and _Hand.asked is not None:
        number, _Hand.asked = _Hand.asked, None
        raise _stop(number)
