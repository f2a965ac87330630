"""What auto says at the end claims no more than it knows."""

from pipeline.features.auto.judge import Score
from pipeline.features.auto.record import Record, Try
from pipeline.features.auto.words import describe_end
from pipeline.metrics.paired import Difference


def said(*, gain: float, over: Difference, num_answers: int = 1) -> str:
    """The end of a search of a baseline and one candidate that added `gain` +- 0.1."""
    first = Try("ridge", "kept", "", [0], 1.0, 0.0, 1.0, score=0.5, low=0.4, high=0.6)
    second = Try("joint", "kept", "", [0], 1.0, 1.0, 2.0, score=0.5, low=0.4, high=0.6)
    second.gain, second.gain_low, second.gain_high = gain, gain - 0.1, gain + 0.1
    record = Record("accuracy", num_answers, tries=[first, second])
    lines = describe_end(record, nested=Score(0.5, 0.4, 0.6), over_constant=over, unit="people")
    return "\n".join(lines)


CLEAR, CHANCE = Difference(0.3, 0.2, 0.4), Difference(0.0, -0.1, 0.1)


def test_random_labels_are_told() -> None:
    words = said(gain=0.3, over=CHANCE)
    assert "nothing here can be told from chance" in words and "hours" not in words


def test_more_hours_pay_where_the_last_tries_added_something() -> None:
    assert "joint still added something" in said(gain=0.3, over=CLEAR)
    assert "will hardly pay" in said(gain=0.0, over=CLEAR)


def test_several_answers_are_named() -> None:
    assert "first of 2 answers" in said(gain=0.0, over=CLEAR, num_answers=2)
    assert "answers;" not in said(gain=0.0, over=CLEAR)
