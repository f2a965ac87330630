"""A user's own metric: the tables that it is given, and its interval."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.metric import MOST_CALLS
from pipeline.metrics.metrics import METRICS
from pipeline.metrics.own_metric import AnswerForm, make_metric

RNG = np.random.default_rng(2)


def test_the_tables_hold_the_contest_s_own_words() -> None:
    ids, truth = np.arange(3), np.array([1, 0, 1])
    words = AnswerForm("id", ("sex",), ("m", "f"))
    expected = pd.DataFrame({"id": ids, "sex": ["f", "m", "f"]})
    pd.testing.assert_frame_equal(
        words.table(truth, ids=ids, is_truth=True), expected, check_dtype=False
    )
    numbers = AnswerForm("id", ("age",)).table(np.array([1.5, 2, 3]), ids=ids, is_truth=False)
    assert numbers["age"].tolist() == [1.5, 2, 3]
    by_class = AnswerForm("id", ("m", "f"), has_probs=True)
    assert by_class.table(truth, ids=ids, is_truth=True)["f"].tolist() == [1, 0, 1]
    probs = np.array([[0.2, 0.8], [0.9, 0.1], [0.5, 0.5]])
    assert by_class.table(probs, ids=ids, is_truth=False)["m"].tolist() == [0.2, 0.9, 0.5]
    labels = AnswerForm("id", ("smile", "hat"))
    several = np.array([[1, 0], [0, 1], [1, 1]])
    assert labels.table(several, ids=ids, is_truth=True)["hat"].tolist() == [0, 1, 1]


def test_its_interval_is_that_of_the_same_metric_from_the_first_draws() -> None:
    calls = []

    def score(solution: pd.DataFrame, submission: pd.DataFrame, row_id_column_name: str) -> float:
        calls.append(len(solution))
        return float((solution["answer"] == submission["answer"]).mean())

    module = SimpleNamespace(higher_is_better=True, score=score)
    own = make_metric("mine.py:score", module, "score", form=AnswerForm("id", ("answer",)))
    truth, answer = RNG.integers(3, size=(2, 90))
    people = np.repeat(np.arange(30), 3)
    found = person_interval(own, truth, answer, person_ids=people, num_draws=1000)
    assert len(calls) == MOST_CALLS + 30 + 1  # draws, each person left out, and all images
    expected = person_interval(
        METRICS["accuracy"], truth, answer, person_ids=people, num_draws=MOST_CALLS
    )
    assert found == pytest.approx(expected)
    assert own.compute(truth, answer) == METRICS["accuracy"].compute(truth, answer)
