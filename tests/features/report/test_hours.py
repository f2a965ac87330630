"""The report of auto shows the learning curve over people, where there is one."""

from pipeline.features.report.hours import _curve

POINTS = [
    {"num_people": 10, "score": 0.5, "low": 0.4, "high": 0.6},
    {"num_people": 20, "score": 0.6, "low": 0.5, "high": 0.7},
]


def test_the_learning_curve_is_drawn() -> None:
    (drawn,) = _curve({"metric": "accuracy", "curve": {"points": POINTS}}, "groups")
    assert "accuracy of the baseline by the groups that teach it" in drawn.title
    assert "0.5 with 10; 0.6 with 20" in drawn.drawing


def test_without_a_curve_nothing_is_drawn() -> None:
    assert _curve({"metric": "accuracy", "curve": None}, "people") == []
    assert _curve({"metric": "accuracy"}, "people") == []
