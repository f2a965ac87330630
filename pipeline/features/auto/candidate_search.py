"""The search: one candidate after another, and a valid submission after each that is kept."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pipeline.console import say
from pipeline.experiment.lockbox import record_judged
from pipeline.experiment.work import Work
from pipeline.features.auto.budget import Budget
from pipeline.features.auto.choices import Choice
from pipeline.features.auto.judge import Judge
from pipeline.features.auto.record import Decision, Record, Try
from pipeline.features.auto.words import describe_try
from pipeline.metrics.paired import Difference

LAST = 45.0  # seconds kept for the ensemble, its file and the check of it
SPARE = 1.15  # a forecast is a probe of seconds: it may be wrong by so much
DATA_CHECK = 600.0  # seconds left from which on the audit of the data is worth its minute or two
UNPROMISING = 0.5  # what a family is worth after one of it added nothing


@dataclass(frozen=True)
class Cost:
    """What a candidate takes here: seconds of one fold, of all of them and of its answers, and the
    operations of all that, which are the same on every machine."""

    fold: float
    train: float
    infer: float
    operations: float

    @property
    def whole(self) -> float:
        """Of training and of answers together."""
        return self.train + self.infer


@dataclass(frozen=True)
class Steps:
    """What the search may ask of the other stages."""

    run: Callable[[Work, str], None]  # a stage's check and run
    forecast: Callable[[Work], Cost]  # of what is not trained yet of the work's members
    at_once: int  # cells that are trained side by side


class Search:
    """Tries candidates while the budget lasts. Everything it decides stands in `record`, which is
    written after each decision; what was trained is found again by the cells themselves."""

    def __init__(
        self,
        work: Work,
        *,
        choices: Mapping[str, Choice],
        budget: Budget,
        record: Record,
        path: Path,
        steps: Steps,
    ) -> None:
        self._work = work
        self._choices = choices
        self._budget = budget
        self._record = record
        self._path = path
        self._steps = steps
        num = work.settings.folds.total
        # the first look takes so many folds: as many as are trained side by side, at most half
        self._first = list(range(max(1, min(steps.at_once, num // 2))))

    def run(self) -> None:
        """Tries until nothing that is left fits the budget.

        What an earlier command had no time for may be tried again: there may be more hours now.
        """
        self._record.tries = [one for one in self._record.tries if one.decision != "postponed"]
        baseline = next(iter(self._choices))
        if baseline not in self._record.tried:
            self._try(baseline, planned=0.0)
            self._check_data()
        while (name := self._next()) is not None:
            self._try(name, planned=self._cost(name).whole)
        self._publish(self._record.kept)  # a try that was dropped has made the scores stale
        self._write()

    def _check_data(self) -> None:
        """Looks for copies, leaks and shift before the first long training, where there is time."""
        if self._budget.left < DATA_CHECK:
            return
        try:
            self._steps.run(self.members(self._record.kept), "audit")
        except ValueError as error:
            say(f"auto: the data could not be checked: {error}")

    def members(self, names: list[str], *, folds: list[int] | None = None) -> Work:
        """The work of these members, which answer every task together, on these folds or on all."""
        settings = self._work.settings
        members = {name: self._choices[name].member for name in names}
        update: dict = {"members": members}
        if folds is not None:
            update["folds"] = settings.folds.model_copy(update={"train": tuple(folds)})
        return replace(self._work, settings=settings.model_copy(update=update))

    def _next(self) -> str | None:
        """The candidate that is expected to add most an operation, of those that fit.

        Not a minute: a clock runs otherwise after a kill, and the choice would be another one.
        """
        left = [name for name in self._choices if name not in self._record.tried]
        if not left:
            self._record.ended = "every candidate was tried"
            return None
        if self._budget.left <= LAST:  # a probe of the machine would take what is left
            self._record.ended = f"the time is over, {len(left)} candidates are left"
            return None
        minutes = self._budget.left / 60  # before the forecasts, which take time themselves
        fitting = [name for name in left if self._fits(self._cost(name).whole)]
        if not fitting:
            self._record.ended = (
                f"none of the other {len(left)} candidates fits into the last {minutes:.1f} minutes"
            )
            return None
        return max(fitting, key=lambda name: self._promise(name) / self._cost(name).operations)

    def _fits(self, seconds: float) -> bool:
        return seconds * SPARE + LAST <= self._budget.left

    def _promise(self, name: str) -> float:
        """The gain that is expected, after what was seen of the family."""
        choice = self._choices[name]
        vain = [
            one
            for one in self._record.tries
            if one.decision == "dropped" and self._choices[one.name].family == choice.family
        ]
        return choice.gain * UNPROMISING ** len(vain)

    def _cost(self, name: str) -> Cost:
        """The forecast, corrected by how the forecasts of what has run came true."""
        if name not in self._record.forecasts:
            cost = self._steps.forecast(self.members([*self._record.kept, name]))
            self._record.forecasts[name] = asdict(cost)
            self._write()
        cost, factor = Cost(**self._record.forecasts[name]), self._correction()
        return Cost(cost.fold * factor, cost.train * factor, cost.infer * factor, cost.operations)

    def _correction(self) -> float:
        ran = [one for one in self._record.tries if one.planned and one.decision == "kept"]
        if not ran:
            return 1.0
        raw = sum(Cost(**self._record.forecasts[one.name]).whole for one in ran)
        return max(0.5, sum(one.seconds for one in ran) / raw)

    def _try(self, name: str, *, planned: float) -> None:
        """One candidate: a first look at some folds, then all, then a decision."""
        began = self._budget.used
        kept = self._record.kept
        say(f"auto: {name}, {self._budget.left / 60:.1f} minutes left")
        try:
            one = self._look(name, kept)
        except ValueError as error:
            if not kept and not self._record.tries:
                raise  # the baseline: nothing can be done here, and its sentence says why
            one = self._decided(name, "failed", str(error).splitlines()[0], folds=[])
        one.planned = planned
        tried = [name for name in self._choices if name in {*self._record.tried, one.name}]
        if one.decision != "failed":
            record_judged(self._work.runs, self.members(tried).settings)
        self._record.tries.append(one)
        one.seconds = self._budget.used - began
        one.at = self._budget.used
        self._write()
        say(f"auto: {describe_try(one, metric=self._record.metric)}")

    def _look(self, name: str, kept: list[str]) -> Try:
        """Trains and judges; publishes the ensemble with the candidate where it is kept."""
        if kept:
            some = self.members([*kept, name], folds=self._first)
            self._steps.run(some, "train")
            judge = Judge(some.settings, some.runs)
            gain = judge.gain(kept, [*kept, name])
            if gain.high < 0:
                why = f"worse on the first {len(self._first)} folds, beyond the interval"
                return self._decided(name, "dropped", why, folds=self._first, gain=gain)
            cost = self._cost(name)
            rest = self._work.settings.folds.total - len(self._first)
            if not self._fits(cost.fold * rest / self._steps.at_once + cost.infer):
                why = "no time for its other folds"
                return self._decided(name, "postponed", why, folds=self._first, gain=gain)
        whole = self.members([*kept, name])
        self._steps.run(whole, "train")
        folds = list(range(self._work.settings.folds.total))
        judge = Judge(whole.settings, whole.runs)
        if not kept:
            gain = judge.gain_over_constant([name])
            self._publish([name])
            one = self._decided(name, "kept", "the baseline", folds=folds, gain=gain)
            return _scored(one, judge, [name])
        gain = judge.gain(kept, [*kept, name])
        if not gain.value > 0:
            one = self._decided(name, "dropped", "adds nothing", folds=folds, gain=gain)
            return _scored(one, judge, kept)
        self._publish([*kept, name])
        sure = "beyond the interval" if gain.low > 0 else "within the interval"
        one = self._decided(name, "kept", f"better {sure}", folds=folds, gain=gain)
        return _scored(one, judge, [*kept, name])

    def _publish(self, names: list[str]) -> None:
        """Scores and answers of these members, and the submission, whole or not at all."""
        work = self.members(names)
        for stage in ("train", "evaluate", "infer", "ensemble"):
            self._steps.run(work, stage)

    def _decided(
        self,
        name: str,
        decision: Decision,
        why: str,
        *,
        folds: list[int],
        gain: Difference | None = None,
    ) -> Try:
        one = Try(name, decision, why, folds, seconds=0.0, planned=0.0, at=0.0)
        if gain is not None:
            one.gain, one.gain_low, one.gain_high = gain.value, gain.low, gain.high
        return one

    def _write(self) -> None:
        self._record.spent = self._budget.used
        self._record.write(self._path)


def _scored(one: Try, judge: Judge, members: list[str]) -> Try:
    score = judge.score(members)
    one.score, one.low, one.high = score.value, score.low, score.high
    return one
