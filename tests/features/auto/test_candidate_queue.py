"""Which candidate is next: by gain an operation, of those that fit, and no probe in vain."""

from collections.abc import Mapping

import pytest

from pipeline.config.member import Head, Member
from pipeline.features.auto.budget import Budget
from pipeline.features.auto.candidate_costs import CandidateCosts, Cost
from pipeline.features.auto.candidate_queue import CandidateQueue
from pipeline.features.auto.choices import Choice
from pipeline.features.auto.record import Decision, Record, decide

MEMBER = Member(tasks={"t": Head()}, backbone="test_resnet")
OPERATIONS = {"base": 1.0, "quick": 5.0, "small": 10.0, "middle": 20.0, "large": 1000.0}
CHOICES = {
    "base": Choice(MEMBER, 10.0, "ridge"),
    "small": Choice(MEMBER, 4.0, "trained"),
    "middle": Choice(MEMBER, 9.0, "other"),
    "large": Choice(MEMBER, 100.0, "trained"),
    "small_again": Choice(MEMBER, 1000.0, "trained", seed_of="small"),
}


class Asked:
    """A queue whose machine takes `rate` seconds an operation, and what was probed."""

    def __init__(
        self,
        *,
        seconds: float,
        rate: float = 1.0,
        broken: str = "",
        choices: Mapping[str, Choice] = CHOICES,
    ) -> None:
        self.probed: list[str] = []
        self.record = Record("accuracy", tries=[decide("base", "kept", "", folds=[0])])

        def forecast(name: str) -> Cost:
            self.probed.append(name)
            if name == broken:
                raise ValueError("no room on the GPU")
            return Cost(fold=0.0, train=rate * OPERATIONS[name], infer=0.0)

        self.queue = CandidateQueue(
            choices,
            record=self.record,
            budget=Budget(seconds=seconds, clock=lambda: 0.0),
            costs=CandidateCosts(
                self.record,
                seed_of={name: one.seed_of or name for name, one in choices.items()},
                count=OPERATIONS.__getitem__,
                forecast=forecast,
            ),
            lockbox_share=0.0,
            fail=lambda name, error, began: self.decide(name, "failed"),
        )

    def decide(self, name: str, decision: Decision) -> None:
        self.record.tries.append(decide(name, decision, "", folds=[0]))

    def order(self, decision: Decision = "kept") -> list[str]:
        """All that are tried, each with this decision."""
        tried = []
        while (name := self.queue.next()) is not None:
            tried.append(name)
            self.decide(name, decision)
        return tried


def test_gain_an_operation_decides_and_other_seeds_come_last() -> None:
    asked = Asked(seconds=9999.0)
    assert asked.order() == ["middle", "small", "large", "small_again"]
    assert asked.record.ended == "every candidate was tried"
    assert asked.probed == ["middle", "small", "large"], "another seed costs the same"


def test_a_quick_form_is_tried_only_where_the_long_one_has_no_room() -> None:
    quick = {"quick": Choice(MEMBER, 99.0, "trained", quick_form_of="middle")}
    for seconds, first in ((70.0, "quick"), (120.0, "middle")):  # 20 are more than a quarter of 70
        asked = Asked(seconds=seconds, choices={**CHOICES, **quick})
        order = asked.order()
        assert order[0] == first and ("quick" in order) == (first == "quick")
        assert "middle" in order


def test_what_was_dropped_has_no_other_seed() -> None:
    assert Asked(seconds=9999.0).order("dropped") == ["middle", "small", "large"]


def test_who_can_not_fit_is_not_probed() -> None:
    asked = Asked(seconds=120.0)  # of which 20 are kept for the end
    assert asked.order() == ["middle", "small", "small_again"]
    assert asked.probed == ["middle", "small"]
    # 1000 seconds by the others' rate, with 15 % to spare and 20 for the end, less the 120
    assert "large needs about 18 minutes more" in asked.record.ended


@pytest.mark.parametrize("seconds", [10.0, 50.0])
def test_a_probe_needs_time_too(seconds: float) -> None:
    asked = Asked(seconds=seconds)
    assert asked.order() == [] and asked.probed == []
    assert "too short for what was not tried (3)" in asked.record.ended


def test_who_can_not_be_probed_has_failed_and_the_others_go_on() -> None:
    asked = Asked(seconds=9999.0, broken="middle")
    assert asked.order() == ["small", "large", "small_again"]
    assert [one.name for one in asked.record.tries if one.decision == "failed"] == ["middle"]


def test_the_time_that_nothing_fits_is_a_last_chance_for_what_is_forecast_a_little_longer() -> None:
    """20 seconds with 15 % to spare and 20 for the end are 43; 60 % of them fit into 40."""
    asked = Asked(seconds=9999.0, choices={"middle": CHOICES["middle"]})
    asked.queue.next()  # is probed
    for seconds, order in ((40.0, ["middle"]), (30.0, [])):
        short = Asked(seconds=seconds, choices={"middle": CHOICES["middle"]})
        short.record.costs.update(asked.record.costs)
        assert short.order() == order


def test_forecasts_are_corrected_by_what_was_trained_to_the_end() -> None:
    asked = Asked(seconds=150.0)
    asked.queue.next()
    one = decide("middle", "kept", "", folds=[0])
    one.planned, one.seconds = 20.0, 400.0
    asked.record.tries.append(one)  # twenty times as long: 10 seconds are 200
    assert asked.order() == []
    one.decision = "dropped"  # on all folds, without answers: as long
    assert asked.order() == []
    one.folds = []  # on the first folds only: says nothing
    assert asked.order() == ["small", "small_again"]
