"""SIGINT and SIGTERM: a write in hand is finished, then the work stops; a second one stops now."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class StoppedError(BaseException):
    """Somebody asked the work to stop; `number` is the signal. No error that a stage may catch."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


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
    raise StoppedError(number)


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
        raise StoppedError(number)
