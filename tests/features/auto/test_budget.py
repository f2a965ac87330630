"""Hours of work, or until an hour of the day."""

from datetime import datetime

import pytest

from pipeline.features.auto.budget import read_budget

NOW = datetime(2026, 11, 26, 17, 30)


def test_hours_count_what_earlier_commands_spent() -> None:
    budget = read_budget({"hours": "1.5"}, spent=1800.0, now=NOW, clock=lambda: 10.0)
    assert (budget.seconds, budget.used, budget.left) == (5400.0, 1800.0, 3600.0)


@pytest.mark.parametrize(("until", "left"), [("18:30", 3600.0), ("17:00", 23.5 * 3600.0)])
def test_until_is_the_next_such_hour(until: str, left: float) -> None:
    budget = read_budget({"until": until}, spent=60.0, now=NOW, clock=lambda: 0.0)
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
        read_budget(options, spent=0.0, now=NOW)
