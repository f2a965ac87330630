"""The search: one candidate after another, and a valid submission after each that is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.console import say
from pipeline.experiment.lockbox import record_judged
from pipeline.experiment.work import Work
from pipeline.features.auto.budget import Budget
from pipeline.features.auto.candidate_costs import CandidateCosts, Cost, lockbox_share
from pipeline.features.auto.candidate_queue import LAST_CHANCE, CandidateQueue
from pipeline.features.auto.choices import Choice
from pipeline.features.auto.judge import Judge
from pipeline.features.auto.record import FLAWLESS, Record, Try, decide
from pipeline.features.auto.words import describe_try
from pipeline.storage import TimeUpError, stop_after

DATA_CHECK = 600.0  # seconds left from which on the audit of the data is worth its minute or two


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
        self._costs = CandidateCosts(
            record,
            seed_of={name: choice.seed_of or name for name, choice in choices.items()},
            count=self._count,
            forecast=self._forecast,
        )
        self._queue = CandidateQueue(
            choices,
            record=record,
            budget=budget,
            costs=self._costs,
            lockbox_share=lockbox_share(work.settings, work.runs),
            fail=self._fail,
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
            with stop_after(self._budget.left - self._queue.end_seconds()):
                self._search()
        except TimeUpError:
            self._record.ended = f"the time is over, not tried: {len(self._queue.left())}"
        self._publish(self._record.kept)  # a try that was not kept has made the scores stale
        self._write()

    def _search(self) -> None:
        if len(self._record.tries) == 1:
            self._check_data()
        while not self._is_flawless() and (name := self._queue.next()) is not None:
            self._write()  # what was counted, before anything of the candidate is trained
            self._try(name, planned=self._costs.cost(name).whole)

    def _is_flawless(self) -> bool:
        """Whether what was kept answers everything rightly; then the record says so."""
        kept = self._record.kept
        work = self.members(kept)
        if not Judge(work.settings, work.runs).is_flawless(kept):
            return False
        self._record.ended = FLAWLESS
        return True

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

    def _count(self, name: str) -> float:
        return self._steps.count(self.members([name]))

    def _forecast(self, name: str) -> Cost:
        return self._steps.forecast(self.members([name]))

    def _fail(self, name: str, error: ValueError, began: float) -> None:
        why = str(error).splitlines()[0]
        self._note(decide(name, "failed", why, folds=[]), began, planned=0.0)

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
            self._fail(name, error, began)
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
            took = self._timed(some, "train")
            judge = Judge(some.settings, some.runs)
            gain = judge.gain(kept, [*kept, name])
            if gain.high < 0:
                why = f"worse on the first {len(self._first)} folds, beyond the interval"
                return decide(name, "dropped", why, folds=self._first, gain=gain)
            cost = self._costs.cost(name)
            rest = self._work.settings.folds.total - len(self._first)
            fold = min(cost.fold, took)  # the first ones were trained side by side
            if not self._queue.fits(LAST_CHANCE * (fold * rest / self._steps.at_once + cost.infer)):
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
