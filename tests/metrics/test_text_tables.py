import pandas as pd

from pipeline.metrics.layer_search import LayerGain
from pipeline.metrics.paired import Difference
from pipeline.metrics.text_tables import describe_scores, say_gains, say_log_loss_gain


def test_what_is_one_answer_under_two_names_is_said_once() -> None:
    start = {"metric": "hter", "value": 0.5, "gain": 0.0, "gain_low": -0.1, "gain_high": 0.1}
    rows = [
        {**start, "source": "m", "task": "smile"},
        {**start, "source": "all members", "task": "answer"},
        {**start, "source": "other", "task": "smile", "value": 0.4, "gain": 0.01},
        {
            **start,
            "source": "good",
            "task": "smile",
            "value": 0.1,
            "gain": 0.4,
            "gain_low": 0.3,
            "gain_high": 0.5,
        },
    ]
    surer = {**rows[-1], "source": "best", "value": 0.05, "gain": 0.45, "gain_low": 0.4}
    better, *_ = say_gains(pd.DataFrame([*rows, surer]))
    assert better.startswith("beyond one answer for all: 2 scores; the least sure one: hter: good")
    better, first, second = say_gains(pd.DataFrame(rows))
    assert (
        "good (smile) is better than the best answer that is the same for every image by 0.4000"
        in better
    )
    assert first.startswith("NOT beyond one answer for all: hter: m (smile) and the best answer")
    assert first.endswith("; all members (answer) scores the same")
    assert "other (smile)" in second


def test_a_log_loss_is_lowered_or_raised() -> None:
    def say(*gain: float) -> str:
        zero = Difference(0.0, 0.0, 0.0)
        return say_log_loss_gain(
            LayerGain("calibration", "calibration", 0, 0, 0, 0, 0, zero, Difference(*gain))
        )

    assert "lowers the log-loss by 0.0300 (95 % +0.0100..+0.0500)" in say(0.03, 0.01, 0.05)
    assert "raises the log-loss by 0.0329 (95 % +0.0106..+0.0685)" in say(-0.0329, -0.0685, -0.0106)


def test_a_spread_has_the_decimals_of_its_mean() -> None:
    rows = []
    for fold, value in (
        ("0", 0.98),
        ("1", 0.99),
        ("all", 0.985),
        ("mean", 0.985),
        ("sd", 0.004137),
    ):
        row = {"source": "m", "task": "mask", "metric": "accuracy", "fold": fold, "value": value}
        row |= {"low": 0.9, "high": 1.0, "constant": 0.5, "num_images": 8, "num_people": 4}
        rows.append({**row, "gain": float("nan"), "gain_low": 0.0, "gain_high": 0.0})
    text = describe_scores(pd.DataFrame(rows))
    assert "0.9850 ± 0.0041" in text
    assert max(map(len, text.splitlines())) <= 80
