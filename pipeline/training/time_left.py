"""How long a training will still take, from what its epochs took so far. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.jobs.job import makespan


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

    @property
    def epochs_left(self) -> int:
        return 0 if self.done else max(0, self.epochs - self.ended)

    def end_epochs(self, number: int, *, now: float, measured: float) -> None:
        """Notes that epochs ended. `measured` is what the loop says that one took; the time since
        the one before holds the writing of the checkpoint too, so that counts where it is known."""
        each = measured if self.last is None else (now - self.last) / number
        self.seconds += [each] * number
        self.ended += number
        self.last = now


def seconds_left(cells: Sequence[CellClock], *, slots: int, now: float) -> float | None:
    """Seconds until all cells are trained, `slots` at a time; None before the first epoch ended.

    An epoch of a member takes what its epochs took so far on this machine, whatever else ran
    beside it. Of a member that was not trained yet the cost says how it compares with the others.
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
    measured: dict[str, list[float]] = defaultdict(list)
    costs: dict[str, float] = {}
    for cell in cells:
        costs[cell.member] = cell.cost
        measured[cell.member] += cell.seconds
    rates = {name: sum(each) / len(each) for name, each in measured.items() if each}
    if not rates:
        return {}
    per_cost = sum(rate / costs[name] for name, rate in rates.items()) / len(rates)
    return {name: rates.get(name, per_cost * cost) for name, cost in costs.items()}
