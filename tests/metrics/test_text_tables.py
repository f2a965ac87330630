import pandas as pd

from pipeline.metrics.text_tables import say_gains


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
    better, first, second = say_gains(pd.DataFrame(rows))
    assert "good (smile) is better than the best constant answer by 0.4000" in better
    assert first.startswith("NOT beyond a constant answer: hter: m (smile) and the best constant")
    assert first.endswith("; all members (answer) scores the same")
    assert "other (smile)" in second
