"""How long a training will still take, from what its epochs took so far. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.jobs.job import makespan, pace_of

LATEST = 6  # epochs that speak for the machine: others may come to it and go
# the share of its time that a cell takes alone on a machine that it shares with others: two CPUs of
# a rented machine are mostly the two threads of one core (31 s an epoch alone, 46 s side by side)
ALONE = 0.7
MAKING = "making_seconds"  # of a history's first row: for what a member makes once for all cells


@dataclass(frozen=True)
class Timed:
    """Work that was measured: the second at which it ended, its seconds, its cost, and how many
    cells were at work."""

    end: float
    seconds: float
    cost: float
    running: int | None = None  # None: as many as there are slots

    def beside_others(self, *, slots: int, alone: float) -> float:
        """Its seconds, had all slots been busy."""
        running = slots if self.running is None else self.running
        return self.seconds / pace_of(running, slots=slots, alone=alone)


@dataclass
class CellClock:
    """What is known of one cell's time while it is trained."""

    name: str
    member: str
    epochs: int  # still to come when the training was started
    cost: float  # of an epoch, in any unit that the cells share
    shared: float = 0.0  # cost of what is made once, before the first epoch, for all of a member
    needs: tuple[str, ...] = ()
    done: bool = False
    done_at: float | None = None
    ended: int = 0  # epochs that ended since
    begun: float | None = None  # the second at which the first of them began
    last: float | None = None  # the second at which the last of them ended
    timed: list[Timed] = field(default_factory=list)  # its epochs
    made: Timed | None = None  # what is made once

    @property
    def epochs_left(self) -> int:
        """How many epochs are still to come; none once the cell is done."""
        return 0 if self.done else max(0, self.epochs - self.ended)

    def end_epochs(
        self,
        number: int,
        *,
        now: float,
        measured: float,
        making: float = 0.0,
        running: int | None = None,
    ) -> None:
        """Notes that epochs ended. `measured` is what the loop says that one took; the time since
        the one before holds the writing of the checkpoint too, so that counts where it is known.
        `making` are the seconds for what is made once, here or in a cell that this one waited for,
        and `running` says how many cells were at work."""
        each = measured if self.last is None else (now - self.last) / number
        if self.begun is None:
            self.begun = now - number * each - making
        if making:
            self.made = Timed(now, making, self.shared, running=1)
        self.timed += [Timed(now, each, self.cost, running)] * number
        self.ended += number
        self.last = now

    def finish(self, *, now: float) -> None:
        """Notes that the cell is done."""
        self.done = True
        self.done_at = now


def seconds_left(
    cells: Sequence[CellClock], *, slots: int, now: float, alone: float = 1.0
) -> float | None:
    """Seconds until all cells are trained, `slots` at a time; None while nothing can be said.

    An epoch of a member takes what its latest ones took on this machine, whatever else ran beside
    it. Of a member that was not trained yet the cost says how it compares with the latest epochs
    of the others. A cell that is still to begin takes as long before its first epoch as others did.
    `alone` is the share of its time that a cell takes while no other one is at work.
    """
    per_cost = _seconds_per_cost(cells, slots=slots, alone=alone)
    rates = epoch_seconds(cells, slots=slots, alone=alone)
    if any(not cell.done and cell.member not in rates for cell in cells) or not rates:
        return None
    pace_now = pace_of(sum(not cell.done for cell in cells), slots=slots, alone=alone)
    between = _seconds_between(cells)
    is_timed = {cell.member for cell in cells if cell.timed}
    makers: Counter[str] = Counter()
    lasting: dict[str, float] = {}
    needs: dict[str, Sequence[str]] = {}
    for cell in sorted(cells, key=lambda cell: cell.last is None):  # those that have begun first
        if cell.done:
            continue
        each = rates[cell.member]
        if cell.last is not None:
            seconds = cell.epochs_left * each - min(each, (now - cell.last) / pace_now)
        else:
            seconds = cell.epochs_left * each + between
            # one of a member's first cells makes what is made once, and those beside it wait
            if cell.member not in is_timed and makers[cell.member] < slots:
                makers[cell.member] += 1
                seconds += cell.shared * (per_cost or 0.0) * alone
        lasting[cell.name] = max(0.0, seconds)
        needs[cell.name] = cell.needs
    return makespan(lasting, needs, slots=max(1, slots), alone=alone)


def epoch_seconds(
    cells: Sequence[CellClock], *, slots: int = 1, alone: float = 1.0
) -> Mapping[str, float]:
    """Seconds of one epoch by member, with all slots busy, of those of which something is known."""
    per_cost = _seconds_per_cost(cells, slots=slots, alone=alone)
    rates: dict[str, float] = {}
    for name, cost in {cell.member: cell.cost for cell in cells}.items():
        own = _latest([one for cell in cells if cell.member == name for one in cell.timed])
        if own:
            seconds = [one.beside_others(slots=slots, alone=alone) for one in own]
            rates[name] = sum(seconds) / len(seconds)
        elif per_cost is not None:
            rates[name] = per_cost * cost
    return rates


def _seconds_per_cost(cells: Sequence[CellClock], *, slots: int, alone: float) -> float | None:
    """Seconds of a unit of cost in the latest work of all cells; None before any was measured."""
    measured = [one for cell in cells for one in cell.timed]
    makers: dict[str, Timed] = {}  # later cells only read what the first one of a member made
    for cell in cells:
        if cell.made is not None:
            longest = makers.get(cell.member, cell.made)
            makers[cell.member] = max(longest, cell.made, key=lambda one: one.seconds)
    measured += makers.values()
    latest = _latest([one for one in measured if one.cost > 0])
    if not latest:
        return None
    seconds = [one.beside_others(slots=slots, alone=alone) for one in latest]
    return sum(seconds) / sum(one.cost for one in latest)


def _latest(measured: list[Timed]) -> list[Timed]:
    return sorted(measured, key=lambda one: one.end)[-LATEST:]


def _seconds_between(cells: Sequence[CellClock]) -> float:
    """Seconds from the end of a cell to the first epoch of the one that follows it, on average:
    building the network and reading the data. 0 before a cell has followed another."""
    ends = sorted(cell.done_at for cell in cells if cell.done_at is not None)
    gaps = []
    for begun in sorted(cell.begun for cell in cells if cell.begun is not None):
        if ends and ends[0] <= begun:
            gaps.append(begun - ends.pop(0))
    return sum(gaps) / len(gaps) if gaps else 0.0
