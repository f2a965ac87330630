"""Which candidate is next: the one that is expected to add most an operation, of those that fit."""

from collections.abc import Callable, Mapping, Sequence

from pipeline.features.auto.budget import Budget
from pipeline.features.auto.candidate_costs import CandidateCosts
from pipeline.features.auto.choices import Choice
from pipeline.features.auto.record import Record

LAST = 20.0  # seconds that are kept for the end at least
LAST_TIMES = 3.0  # the end takes at most so often what scores and file of an ensemble took before
SPARE = 1.15  # a forecast is a probe of seconds: it may be wrong by so much
PROBE = 30.0  # seconds that a probe may take, with the start of its processes
QUICKER = 0.5  # who was not probed takes at least so much of the least seconds an operation
UNPROMISING = 0.5  # what a family is worth after one of it added nothing
LAST_CHANCE = (
    0.6  # where nothing fits: a forecast may be too long by so much, and time is lost else
)
ROOM = 0.25  # a candidate makes its quick form superfluous where it takes at most so much of it all

Fail = Callable[[str, ValueError, float], None]  # of a candidate, and when its try began


class CandidateQueue:
    """The candidates that were not tried yet. `fail` hears of those whose network can't be made or
    probed here."""

    def __init__(
        self,
        choices: Mapping[str, Choice],
        *,
        record: Record,
        budget: Budget,
        costs: CandidateCosts,
        lockbox_share: float,
        fail: Fail,
    ) -> None:
        self._choices = choices
        self._record = record
        self._budget = budget
        self._costs = costs
        self._lockbox_share = lockbox_share
        self._fail = fail

    def left(self) -> list[str]:
        """Who was not tried yet; another seed only of what was kept, and no quick form of what was
        tried."""
        kept, tried = self._record.kept, self._record.tried
        judged = [one.name for one in self._record.tries if one.decision in ("kept", "dropped")]
        return [
            name
            for name, choice in self._choices.items()
            if name not in tried
            and (choice.seed_of is None or choice.seed_of in kept)
            and choice.quick_form_of not in judged
        ]

    def next(self) -> str | None:
        """The next candidate; None, and in the record why, where the search ends.

        By operations and not by minutes: a clock runs otherwise after a kill, and the choice would
        be another one. Other seeds come last.
        """
        worth = self._worth(self.left())
        first = sorted(worth, key=worth.__getitem__, reverse=True)
        for name in sorted(first, key=self._is_other_seed):
            if not self._is_superfluous(name) and self._is_affordable(name):
                return name
        for name in first:
            if self._has_last_chance(name):
                return name
        left = self.left()  # without those that failed
        if not left:
            self._record.ended = "every candidate was tried"
            return None
        minutes = max(self._budget.left, 0.0) / 60
        self._record.ended = (
            f"the last {minutes:.1f} minutes are too short for what was not tried "
            f"({len(left)}){self._say_cheapest(left)}"
        )
        return None

    def fits(self, seconds: float) -> bool:
        """Whether work that is forecast to take so long ends in time."""
        return seconds * SPARE + self.end_seconds() <= self._budget.left

    def end_seconds(self) -> float:
        """What the end needs: the ensemble's scores and file, the choice repeated, the lockbox."""
        last = max(LAST, LAST_TIMES * self._record.publish_seconds)
        return last + self._lockbox_share * self._record.infer_seconds * SPARE

    def _worth(self, names: Sequence[str]) -> dict[str, float]:
        """The expected gain an operation, of all whose network can be made."""
        worth = {}
        for name in names:
            began = self._budget.used
            try:
                worth[name] = self._promise(name) / self._costs.operations(name)
            except ValueError as error:
                self._fail(name, error, began)
        return worth

    def _promise(self, name: str) -> float:
        """The gain that is expected, after what was seen of the family."""
        choice = self._choices[name]
        vain = [
            one
            for one in self._record.tries
            if one.decision == "dropped" and self._choices[one.name].family == choice.family
        ]
        return choice.gain * UNPROMISING ** len(vain)

    def _is_other_seed(self, name: str) -> bool:
        return self._choices[name].seed_of is not None

    def _is_superfluous(self, name: str) -> bool:
        """Whether it is the quick form of a candidate that there is room for."""
        long = self._choices[name].quick_form_of
        if long is None or long not in self.left():  # none here, or its time was up
            return False
        try:
            if not self._may_fit(long):
                return False
            fits = self.fits(self._costs.cost(long).whole)
            return fits and self._costs.probed(long).whole <= self._budget.seconds * ROOM
        except ValueError:  # it can't be made or probed here, and says so when its turn comes
            return False

    def _is_affordable(self, name: str) -> bool:
        began = self._budget.used
        try:
            return self._may_fit(name) and self.fits(self._costs.cost(name).whole)
        except ValueError as error:  # the machine can't hold it, say
            self._fail(name, error, began)
            return False

    def _has_last_chance(self, name: str) -> bool:
        """Whether it ends in time if the forecast was too long; if not, it is stopped, and nothing
        is lost that could have been used otherwise."""
        if name not in self.left() or not self._costs.is_probed(name):
            return False
        return self.fits(LAST_CHANCE * self._costs.cost(name).whole)

    def _may_fit(self, name: str) -> bool:
        """Whether a probe of the machine can be worth its seconds: there is time for it, and the
        candidate may fit even if it is quicker than all that were probed."""
        if self._costs.is_probed(name):
            return True
        return self.fits(max(QUICKER * self._costs.least_seconds(name), PROBE))

    def _say_cheapest(self, left: Sequence[str]) -> str:
        """How much more time the cheapest of these needs, as far as the machine was probed."""
        name = min(left, key=self._costs.least_seconds)
        seconds = self._costs.least_seconds(name)
        if not seconds:
            return ""
        more = seconds * SPARE + self.end_seconds() - self._budget.left
        return f"; {name} needs about {max(1.0, more / 60):.0f} minutes more"
