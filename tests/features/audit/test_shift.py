import numpy as np

from pipeline.features.audit.shift import _Auc, _lines, _statistic_line


def test_hidden_train_people_are_what_test_people_are_compared_with() -> None:
    import pandas as pd

    is_test = np.array([False, True])
    ranked = pd.DataFrame(columns=["low", "high"])
    seen, chance = _Auc(0.633, 0.577, 0.681), _Auc(0.62, 0.56, 0.67)
    line, *_ = _lines(ranked, is_test, seen, by_chance=chance, is_upper_bound=True)
    assert "can't be told apart better than train people that were hidden likewise" in line


def test_medians_are_shown_as_far_as_they_differ() -> None:
    row = {"statistic": "face_x", "auc": 0.4, "train_median": 0.50012, "test_median": 0.49998}
    assert "median 0.5001 in train, 0.5 in test" in _statistic_line(row)
    assert "median 0.5 in train, 0.5 in test" in _statistic_line({**row, "train_median": 0.49998})
