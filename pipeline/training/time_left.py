"""How long a training will still take, from what its epochs took so far. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.jobs.job import makespan

LATEST = 6  # epochs that speak for the machine: others may come to it and go


@dataclass
class CellClock:
    """What is known of one cell's time while it is trained."""

    name: str
    member: str
    epochs: int  # still to come when the training was started
    cost: float  # of an epoch, in any unit that the cells share
    needs: tuple[str, ...] = ()
    done: bool = False
    ended: int = 0  # epochs that ended since
    last: float | None = None  # the second at which the last of them ended
    seconds: list[float] = field(default_factory=list)  # of each that was measured
    ends: list[float] = field(default_factory=list)  # and the second at which it ended

    @property
    def epochs_left(self) -> int:
        """How many epochs are still to come; none once the cell is done."""
        return 0 if self.done else max(0, self.epochs - self.ended)

    def end_epochs(self, number: int, *, now: float, measured: float) -> None:
        """Notes that epochs ended. `measured` is what the loop says that one took; the time since
        the one before holds the writing of the checkpoint too, so that counts where it is known."""
        each = measured if self.last is None else (now - self.last) / number
        self.seconds += [each] * number
        self.ends += [now] * number
        self.ended += number
        self.last = now


def seconds_left(cells: Sequence[CellClock], *, slots: int, now: float) -> float | None:
    """Seconds until all cells are trained, `slots` at a time; None before the first epoch ended.

    An epoch of a member takes what its latest ones took on this machine, whatever else ran beside
    it. Of a member that was not trained yet the cost says how it compares with the latest epochs
    of the others.
    """
    rates = epoch_seconds(cells)
    if not rates:
        return None
    lasting: dict[str, float] = {}
    needs: dict[str, Sequence[str]] = {}
    begun_first = sorted(cells, key=lambda cell: cell.last is None)
    for cell in begun_first:
        if cell.done:
            continue
        each = rates[cell.member]
        begun = 0.0 if cell.last is None else min(each, now - cell.last)
        lasting[cell.name] = max(0.0, cell.epochs_left * each - begun)
        needs[cell.name] = cell.needs
    return makespan(lasting, needs, slots=max(1, slots))


def epoch_seconds(cells: Sequence[CellClock]) -> Mapping[str, float]:
    """Seconds of one epoch by member; empty before the first epoch of all ended."""
    costs = {cell.member: cell.cost for cell in cells}
    measured: dict[str, list[tuple[float, float]]] = defaultdict(list)  # end and seconds
    for cell in cells:
        measured[cell.member] += zip(cell.ends, cell.seconds, strict=True)
    latest = sorted(
        (end, seconds, costs[name]) for name, epochs in measured.items() for end, seconds in epochs
    )[-LATEST:]
    if not latest:
        return {}
    per_cost = sum(seconds for _, seconds, _ in latest) / sum(cost for *_, cost in latest)
    rates = {}
    for name, cost in costs.items():
        own = [seconds for _, seconds in sorted(measured[name])[-LATEST:]]
        rates[name] = sum(own) / len(own) if own else per_cost * cost
    return rates
