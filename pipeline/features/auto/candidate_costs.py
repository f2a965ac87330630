"""What candidates cost: operations, counted at once, and seconds, by a probe of the machine."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from pipeline.config import Experiment
from pipeline.features.auto.record import Record
from pipeline.storage import Runs, read_table

LEAST_CORRECTION = 0.5  # one lucky forecast does not make all others twice as quick


@dataclass(frozen=True)
class Cost:
    """What a candidate takes here: seconds of one fold, of all of them and of its answers."""

    fold: float
    train: float
    infer: float

    @property
    def whole(self) -> float:
        """Of training and of answers together."""
        return self.train + self.infer


class CandidateCosts:
    """The costs by candidate. What was found once stands in the record: a command after a kill
    reckons with the same. `seed_of` names for each candidate whose cost is known for it: another
    seed costs the same."""

    def __init__(
        self,
        record: Record,
        *,
        seed_of: Mapping[str, str],
        count: Callable[[str], float],
        forecast: Callable[[str], Cost],
    ) -> None:
        self._record = record
        self._seed_of = seed_of
        self._count = count
        self._forecast = forecast

    def operations(self, name: str) -> float:
        """Of training and answering; the same on every machine."""
        name = self._seed_of[name]
        if name not in self._record.operations:
            self._record.operations[name] = self._count(name)
        return self._record.operations[name]

    def is_probed(self, name: str) -> bool:
        """Whether the candidate's seconds are known without another probe."""
        return self._seed_of[name] in self._record.costs

    def probed(self, name: str) -> Cost:
        """The forecast by a probe of the machine, made once."""
        name = self._seed_of[name]
        if name not in self._record.costs:
            self._record.costs[name] = asdict(self._forecast(name))
        return Cost(**self._record.costs[name])

    def cost(self, name: str) -> Cost:
        """The forecast, corrected by how the forecasts of what has run came true."""
        cost, factor = self.probed(name), self._correction()
        return Cost(cost.fold * factor, cost.train * factor, cost.infer * factor)

    def least_seconds(self, name: str) -> float:
        """Seconds that a candidate takes: as it was probed, or else an operation as quickly as the
        quickest that was probed; 0 where nothing was."""
        if self.is_probed(name):
            return self.cost(name).whole
        rates = [self.cost(probed).whole / self.operations(probed) for probed in self._record.costs]
        return min(rates, default=0.0) * self.operations(name)

    def _correction(self) -> float:
        """How much longer than forecast it took so far, of all that were trained to the end; who
        was dropped then was not asked for answers."""
        every = max((len(one.folds) for one in self._record.tries), default=0)
        took = forecast = 0.0
        for one in self._record.tries:
            if not one.planned or len(one.folds) < every or one.decision not in ("kept", "dropped"):
                continue
            cost = self.probed(one.name)
            took += one.seconds
            forecast += cost.whole if one.decision == "kept" else cost.train
        return max(LEAST_CORRECTION, took / forecast) if forecast else 1.0


def lockbox_share(settings: Experiment, runs: Runs) -> float:
    """What scoring the lockbox takes, as a part of answering the test images and the folds."""
    if not settings.folds.lockbox:
        return 0.0
    images = read_table(runs.images)
    num_test = int((images["part"] == "test").sum())
    num_train = int((images["part"] == "train").sum())
    cells = settings.folds.total  # each looks at every test image, and at its own fold
    return cells * len(read_table(runs.lockbox)) / (cells * num_test + num_train)
