"""The search: one candidate after another, and a valid submission after each that is kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.console import say
from pipeline.experiment.lockbox import record_judged
from pipeline.experiment.work import Work
from pipeline.features.auto.budget import Budget
from pipeline.features.auto.candidate_costs import CandidateCosts, Cost, lockbox_share
from pipeline.features.auto.choices import Choice
from pipeline.features.auto.judge import Judge
from pipeline.features.auto.record import Record, Try, decide
from pipeline.features.auto.words import describe_try
from pipeline.storage import TimeUpError, stop_after

LAST = 20.0  # seconds that are kept for the end at least
LAST_TIMES = 3.0  # the end takes at most so often what scores and file of an ensemble took before
SPARE = 1.15  # a forecast is a probe of seconds: it may be wrong by so much
DATA_CHECK = 600.0  # seconds left from which on the audit of the data is worth its minute or two
PROBE = 30.0  # seconds that a probe may take, with the start of its processes
QUICKER = 0.5  # who was not probed takes at least so much of the least seconds an operation
UNPROMISING = 0.5  # what a family is worth after one of it added nothing


@dataclass(frozen=True)
class Steps:
    """What the search may ask of the other stages."""

    run: Callable[[Work, str], None]  # a stage's check and run
    count: Callable[[Work], float]  # operations of training the work's members and of answering
    forecast: Callable[[Work], Cost]  # the seconds of that, by a probe of this machine
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
        self._lockbox_share = lockbox_share(work.settings, work.runs)
        self._costs = CandidateCosts(
            record,
            seed_of={name: choice.seed_of or name for name, choice in choices.items()},
            count=self._count,
            forecast=self._forecast,
        )
        num = work.settings.folds.total
        # the first look takes so many folds: as many as are trained side by side, at most half
        self._first = list(range(max(1, min(steps.at_once, num // 2))))

    def run(self) -> None:
        """Tries until nothing that is left fits the budget, or the budget ends within a try.

        What an earlier command had no time for may be tried again: there may be more hours now.
        """
        for one in self._record.tries:
            if one.decision == "postponed":  # a part of it may be trained: the rest costs less
                self._record.costs.pop(one.name, None)
        self._record.tries = [one for one in self._record.tries if one.decision != "postponed"]
        baseline = next(iter(self._choices))
        if baseline not in self._record.tried:
            self._try(baseline, planned=0.0)  # as long as it takes: without it there is no answer
        try:
            with stop_after(self._budget.left - self._end_seconds()):
                self._search()
        except TimeUpError:
            self._record.ended = f"the time is over, {len(self._left())} candidates are left"
        self._publish(self._record.kept)  # a try that was not kept has made the scores stale
        self._write()

    def _search(self) -> None:
        if len(self._record.tries) == 1:
            self._check_data()
        while (name := self._next()) is not None:
            self._try(name, planned=self._costs.cost(name).whole)

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

    def _left(self) -> list[str]:
        """Who was not tried yet; another seed only of what was kept."""
        kept, tried = self._record.kept, self._record.tried
        return [
            name
            for name, choice in self._choices.items()
            if name not in tried and (choice.seed_of is None or choice.seed_of in kept)
        ]

    def _next(self) -> str | None:
        """The candidate that is expected to add most an operation, of those that fit.

        Not a minute: a clock runs otherwise after a kill, and the choice would be another one.
        Other seeds come last.
        """
        left = self._left()
        if not left:
            self._record.ended = "every candidate was tried"
            return None
        worth = self._worth(left)
        first = sorted(worth, key=worth.__getitem__, reverse=True)
        for name in sorted(first, key=self._is_other_seed):
            if self._is_affordable(name):
                self._write()  # what was counted before anything of it is trained
                return name
        left = self._left()  # without those that failed
        if not left:
            self._record.ended = "every candidate was tried"
            return None
        self._record.ended = (
            f"the last {max(self._budget.left, 0.0) / 60:.1f} minutes are too short for any of the "
            f"other {len(left)} candidates{self._say_cheapest(left)}"
        )
        return None

    def _worth(self, names: Sequence[str]) -> dict[str, float]:
        """The expected gain an operation, of all whose network can be made."""
        worth = {}
        for name in names:
            try:
                worth[name] = self._promise(name) / self._costs.operations(name)
            except ValueError as error:
                self._fail(name, error, began=self._budget.used)
        return worth

    def _is_affordable(self, name: str) -> bool:
        """Whether a candidate fits into what is left; one that can't be probed has failed."""
        began = self._budget.used
        try:
            return self._may_fit(name) and self._fits(self._costs.cost(name).whole)
        except ValueError as error:
            self._fail(name, error, began=began)
            return False

    def _fail(self, name: str, error: ValueError, *, began: float) -> None:
        why = str(error).splitlines()[0]
        self._note(decide(name, "failed", why, folds=[]), began, planned=0.0)

    def _is_other_seed(self, name: str) -> bool:
        return self._choices[name].seed_of is not None

    def _say_cheapest(self, left: Sequence[str]) -> str:
        """How much more time the cheapest of these needs, as far as the machine was probed."""
        least = {name: self._costs.least_seconds(name) for name in left}
        name = min(least, key=least.__getitem__)
        if not least[name]:
            return ""
        more = least[name] * SPARE + self._end_seconds() - self._budget.left
        return f"; {name} needs about {max(1.0, more / 60):.0f} minutes more"

    def _may_fit(self, name: str) -> bool:
        """Whether a probe of the machine can be worth its seconds: there is time for it, and the
        candidate may fit even if it is quicker than all that were probed."""
        if self._costs.is_probed(name):
            return True
        return self._fits(max(QUICKER * self._costs.least_seconds(name), PROBE))

    def _fits(self, seconds: float) -> bool:
        return seconds * SPARE + self._end_seconds() <= self._budget.left

    def _end_seconds(self) -> float:
        """What the end needs: the ensemble's scores and file, the choice repeated, the lockbox."""
        last = max(LAST, LAST_TIMES * self._record.publish_seconds)
        return last + self._lockbox_share * self._record.infer_seconds * SPARE

    def _promise(self, name: str) -> float:
        """The gain that is expected, after what was seen of the family."""
        choice = self._choices[name]
        vain = [
            one
            for one in self._record.tries
            if one.decision == "dropped" and self._choices[one.name].family == choice.family
        ]
        return choice.gain * UNPROMISING ** len(vain)

    def _count(self, name: str) -> float:
        return self._steps.count(self.members([name]))

    def _forecast(self, name: str) -> Cost:
        return self._steps.forecast(self.members([name]))

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
            self._fail(name, error, began=began)
        except TimeUpError:
            why = "its time was up; more hours go on from its last epoch"
            self._note(decide(name, "postponed", why, folds=[]), began, planned=planned)
            raise
        else:
            self._note(one, began, planned=planned)

    def _note(self, one: Try, began: float, *, planned: float) -> None:
        """Writes a try into the record and says it."""
        one.planned = planned
        tried = [name for name in self._choices if name in {*self._record.tried, one.name}]
        if one.gain is not None:
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
                return decide(name, "dropped", why, folds=self._first, gain=gain)
            cost = self._costs.cost(name)
            rest = self._work.settings.folds.total - len(self._first)
            if not self._fits(cost.fold * rest / self._steps.at_once + cost.infer):
                why = "no time for its other folds"
                return decide(name, "postponed", why, folds=self._first, gain=gain)
        whole = self.members([*kept, name])
        self._steps.run(whole, "train")
        folds = list(range(self._work.settings.folds.total))
        judge = Judge(whole.settings, whole.runs)
        if not kept:
            gain = judge.gain_over_constant([name])
            self._publish([name])
            one = decide(name, "kept", "the baseline", folds=folds, gain=gain)
            return _scored(one, judge, [name])
        gain = judge.gain(kept, [*kept, name])
        if not gain.value > 0:
            one = decide(name, "dropped", "adds nothing", folds=folds, gain=gain)
            return _scored(one, judge, kept)
        self._publish([*kept, name])
        sure = "beyond the interval" if gain.low > 0 else "within the interval"
        one = decide(name, "kept", f"better {sure}", folds=folds, gain=gain)
        return _scored(one, judge, [*kept, name])

    def _publish(self, names: list[str]) -> None:
        """Scores and answers of these members, and the submission, whole or not at all."""
        work = self.members(names)
        self._steps.run(work, "train")
        scoring = self._timed(work, "evaluate")
        answering = self._timed(work, "infer")
        scoring += self._timed(work, "ensemble")
        self._record.publish_seconds = max(self._record.publish_seconds, scoring)
        if names != self._record.kept:  # else all of it was answered before
            self._record.infer_seconds += answering

    def _timed(self, work: Work, stage: str) -> float:
        began = self._budget.used
        self._steps.run(work, stage)
        return self._budget.used - began

    def _write(self) -> None:
        self._record.spent = self._budget.used
        self._record.write(self._path)


def _scored(one: Try, judge: Judge, members: list[str]) -> Try:
    score = judge.score(members)
    one.score, one.low, one.high = score.value, score.low, score.high
    return one
