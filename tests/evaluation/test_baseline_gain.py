"""What training adds to the baseline, in a sentence that claims no more than the interval does."""

import pytest

from pipeline.evaluation.baseline_gain import BaselineGain
from pipeline.metrics.paired import Difference


@pytest.mark.parametrize(
    ("value", "low", "high", "says"),
    [
        (0.05, 0.01, 0.09, "Training adds 0.0500 to the baseline, a ridge on a frozen network"),
        (-0.05, -0.09, -0.01, "That is 0.0500 WORSE than the baseline"),
        (0.02, -0.01, 0.05, "can't be told from nothing: the baseline"),
        (-0.02, -0.05, 0.01, "so this is 0.0200 worse (95 % -0.0500 to 0.0100)"),
    ],
)
def test_the_sentence_follows_the_interval(
    value: float, low: float, high: float, says: str
) -> None:
    said = BaselineGain(0.73, Difference(value, low, high)).say()
    assert says in said and "0.7300" in said


def test_an_undefined_metric_is_not_spoken_of() -> None:
    nan = float("nan")
    assert BaselineGain(nan, Difference(nan, nan, nan)).say() == ""
