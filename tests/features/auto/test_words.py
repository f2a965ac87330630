"""What auto says at the end claims no more than it knows."""

from pipeline.features.auto.judge import ChoiceWorth, Score
from pipeline.features.auto.record import FLAWLESS, Record, Try
from pipeline.features.auto.words import describe_curve, describe_end, describe_time
from pipeline.metrics.paired import Difference

CLEAR = Difference(0.3, 0.2, 0.4)


def said(
    *,
    gain: float,
    over: Difference = CLEAR,
    chance: float = 0.0025,
    num_answers: int = 1,
    ended: str = "",
) -> str:
    """The end of a search of a baseline and one candidate that added `gain` +- 0.1."""
    first = Try("ridge", "kept", "", [0], 1.0, 0.0, 1.0, score=0.5, low=0.4, high=0.6)
    second = Try("joint", "kept", "", [0], 1.0, 1.0, 2.0, score=0.5, low=0.4, high=0.6)
    second.gain, second.gain_low, second.gain_high = gain, gain - 0.1, gain + 0.1
    third = Try("years", "dropped", "", [0], 1.0, 1.0, 3.0)
    record = Record("accuracy", num_answers, tries=[first, second, third])
    record.ended = ended
    worth = ChoiceWorth(Score(0.5, 0.4, 0.6), over_constant=over, chance=chance)
    return "\n".join(describe_end(record, worth=worth, unit="people", config="-c x.yaml"))


def test_random_labels_are_told() -> None:
    words = said(gain=0.3, chance=0.4)
    assert "nothing here can be told from chance" in words and "40% of the time" in words
    assert "(./run.sh explore audit -c x.yaml)" in words
    assert "hours" not in words


def test_a_constant_that_is_as_good_is_told() -> None:
    words = said(gain=0.3, over=Difference(0.0, -0.1, 0.1))
    assert "the same for every image is as good" in words and "hours" not in words


def test_the_repeated_choice_names_whom_it_can_not_choose() -> None:
    assert "it can't choose years again" in said(gain=0.3)


def test_more_hours_pay_where_the_last_tries_added_something() -> None:
    assert "joint still added something" in said(gain=0.3)
    assert "will hardly pay" in said(gain=0.0)


def test_where_nothing_is_wrong_more_hours_change_nothing() -> None:
    words = said(gain=0.0, ended=FLAWLESS)
    assert "every answer is right" in words and "more hours change nothing" in words
    assert "cleaner labels" not in words


def test_several_answers_are_named() -> None:
    assert "first of 2 answers" in said(gain=0.0, num_answers=2)
    assert "answers;" not in said(gain=0.0)


def test_hours_that_were_not_kept_are_told() -> None:
    baseline = Record("accuracy", tries=[Try("ridge", "kept", "", [0], 1.0, 0.0, 1.0)])
    assert describe_time(baseline, used=120.0, given=180.0) == "took 2.0 of 3.0 minutes"
    assert "without which there is no answer" in describe_time(baseline, used=240.0, given=180.0)


def test_a_learning_curve_says_whether_more_people_help() -> None:
    points = [{"num_people": 10, "score": 0.5}, {"num_people": 20, "score": 0.6}]
    curve = {"points": points, "doubled": 0.1, "doubled_low": 0.02, "doubled_high": 0.2}
    words = describe_curve(curve, metric="accuracy", unit="people")
    assert "accuracy by the people that teach it: 0.5 with 10, 0.6 with 20" in words
    assert "twice the people add 0.1 (0.02..0.2): more people would help" in words
    curve["doubled_low"] = -0.02
    assert "nothing beyond the interval" in describe_curve(curve, metric="mae", unit="people")
