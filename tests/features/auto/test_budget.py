"""Hours of work, or until an hour of the day."""

from datetime import datetime
from pathlib import Path

import pytest

from pipeline.features.auto.budget import note_spent, read_budget, read_spent

NOW = datetime(2026, 11, 26, 17, 30)


def test_hours_count_what_earlier_commands_spent() -> None:
    budget = read_budget({"hours": "1.5"}, spent=1800.0, began=10.0, clock=lambda: 10.0)
    assert (budget.seconds, budget.used, budget.left) == (5400.0, 1800.0, 3600.0)


@pytest.mark.parametrize(("until", "left"), [("18:30", 3600.0), ("17:00", 23.5 * 3600.0)])
def test_until_is_the_next_such_hour(until: str, left: float) -> None:
    budget = read_budget({"until": until}, spent=60.0, began=0.0, now=NOW, clock=lambda: 0.0)
    assert budget.left == left


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "how long"),
        ({"hours": "1", "until": "9:00"}, "one of them"),
        ({"hours": "0"}, "above 0"),
        ({"hours": "nan"}, "above 0"),
        ({"until": "25:00"}, "an hour of the day"),
    ],
)
def test_what_is_no_time_is_an_error(options: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_budget(options, spent=0.0, began=0.0)


def test_what_the_command_did_before_counts() -> None:
    """The index took an hour and a quarter, past the hour that was typed."""
    clock = 4500.0
    for_hours = read_budget({"hours": "2"}, spent=60.0, began=0.0, clock=lambda: clock)
    assert (for_hours.used, for_hours.left) == (4560.0, 7200.0 - 4560.0)
    until = read_budget({"until": "17:00"}, spent=60.0, began=0.0, now=NOW, clock=lambda: clock)
    assert until.left == -1800.0


def test_a_kill_keeps_the_count(tmp_path: Path) -> None:
    path = tmp_path / "spent.json"
    assert read_spent(path) == 0.0
    budget = read_budget({"hours": "2"}, spent=60.0, began=0.0, clock=lambda: 30.0)
    with note_spent(path, budget):
        pass
    assert read_spent(path) == 90.0
