"""Several labels of an image, and the likeliest words, in the contest's file and read back."""

import numpy as np
import pandas as pd
import pytest

from pipeline.leaderboard.answer_format import AnswerFormat
from pipeline.leaderboard.wanted_formats import answer_formats
from tests.leaderboard.test_wanted_formats import NAMED, experiment, sample

WORDS = ["smile", "hat", "glasses"]
COLUMNS = {"kind": "multilabel", "columns": WORDS}
TAGS = {"kind": "multilabel", "column": "tags", "classes": WORDS}
JOINT = np.array([[0.9, 0.2, 0.6], [0.1, 0.3, 0.2]])
DECIDED = (JOINT >= 0.5) * 1


def found_of(task: dict, given: dict | None, /, **submission) -> AnswerFormat:
    found = None if given is None else sample(given)
    (one,) = answer_formats(experiment({"tags": task}, **submission), found)
    return one


def written(one: AnswerFormat) -> pd.DataFrame:
    return pd.DataFrame({c.name: c.values for c in one.write(JOINT, DECIDED)}, index=["i", "j"])


@pytest.mark.parametrize(
    ("task", "columns", "submission", "names", "value"),
    [
        ({**COLUMNS, "metric": "macro_f1"}, {key: ["0"] for key in WORDS}, {}, WORDS, "index"),
        (
            {**COLUMNS, "metric": "macro_f1"},
            {key: ["0.5"] for key in WORDS},
            {},
            WORDS,
            "probability",
        ),
        ({**COLUMNS, "metric": "macro_f1"}, None, {}, WORDS, "index"),
        (COLUMNS, {key: ["0"] for key in WORDS}, {}, WORDS, "probability"),  # judged by AUC
        (COLUMNS, {"Smile": ["0"], "Hat": ["0"], "Glasses": ["0"]}, {}, [], "probability"),
        ({**TAGS, "metric": "samples_f1"}, {"tags": ["smile hat"]}, {}, ["tags"], "label"),
        ({**TAGS, "metric": "samples_f1"}, None, {"column": "tags"}, ["tags"], "label"),
        ({**TAGS, "metric": "map@2"}, {"tags": ["smile hat"]}, {}, ["tags"], "label"),
        (TAGS, None, {"columns": {"hat": "Hut"}}, ["smile", "Hut", "glasses"], "probability"),
    ],
)
def test_the_form_follows_the_sample_and_the_metric(
    task: dict, columns: dict | None, submission: dict, names: list[str], value: str
) -> None:
    one = found_of(task, columns, **submission)
    assert (list(one.columns), one.value) == (names or list(columns), value)
    assert one.top == (2 if task.get("metric") == "map@2" else 0)


def test_columns_of_labels_are_written_and_read_back() -> None:
    one = found_of({**COLUMNS, "metric": "macro_f1"}, None)
    table = written(one)
    assert table.to_numpy().tolist() == DECIDED.tolist()
    assert (one.read(table.astype(str)) == DECIDED).all()
    assert (one.seen(one.read(table.astype(str))) == DECIDED).all()
    with pytest.raises(ValueError, match="'i' is answered '2' in hat"):
        one.read(table.assign(hat=2).astype(str))
    probs = found_of(COLUMNS, None)
    np.testing.assert_allclose(probs.seen(probs.read(written(probs).astype(str))), JOINT)


def test_words_of_labels_and_what_stands_where_there_is_none() -> None:
    plain = found_of({**TAGS, "metric": "micro_f1"}, None)
    assert written(plain)["answer"].tolist() == ["smile glasses", "hat"]  # the likeliest
    task = {**TAGS, "metric": "micro_f1", "nothing": "none"}
    one = found_of(task, {"words": ["smile;hat", "none"]}, separator=";")
    table = written(one)
    assert table["words"].tolist() == ["smile;glasses", "none"]
    assert (one.read(table) == DECIDED).all()
    with pytest.raises(ValueError, match="'hut' is none of smile, hat, glasses"):
        one.read(table.replace("none", "hut"))


def test_the_likeliest_words_come_first_and_are_judged_by_their_place() -> None:
    one = found_of({**TAGS, "metric": "map@2"}, {"tags": ["hat smile"]})
    assert written(one)["tags"].tolist() == ["smile glasses", "hat glasses"]
    seen = one.seen(one.read(written(one)))
    assert seen.tolist() == [[1.0, 0.0, 0.5], [0.0, 1.0, 0.5]]
    truth = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    metric = one.space.metric
    assert metric.compute(truth, seen) == metric.compute(truth, JOINT) == (1.0 + 0.5) / 2


def test_likeliest_classes_of_a_task_with_one_class_an_image() -> None:
    one = found_of({**NAMED, "metric": "map@2"}, {"label": ["worn none"]})
    assert (one.columns, one.top) == (("label",), 2)
    assert written(one)["label"].tolist() == ["worn none", "wrong none"]
    seen = one.seen(one.read(written(one)))
    assert one.space.metric.compute(np.array([2, 2]), seen) == 0.5  # both times in the second place
    by_class = found_of({**NAMED, "metric": "map@2"}, {key: ["0.3"] for key in NAMED["classes"]})
    assert (by_class.value, by_class.top) == ("probability", 0)


@pytest.mark.parametrize(
    ("task", "columns", "submission", "says"),
    [
        (COLUMNS, {"tags": ["smile"]}, {}, "macro_roc_auc judges probabilities, and words"),
        (COLUMNS, None, {"value": "index"}, "macro_roc_auc judges probabilities, and index"),
        (
            {**TAGS, "metric": "macro_f1"},
            {"tags": ["smile hut"]},
            {},
            r"'hut' in tags, which is none of smile, hat, glasses; did you mean 'hat'\?",
        ),
        (
            {**COLUMNS, "metric": "macro_f1"},
            {"smile": ["0"], "hut": ["0"], "glasses": ["0"]},
            {"value": "index"},
            "a column for each of smile, hat, glasses is needed",
        ),
        (
            {**COLUMNS, "metric": "macro_f1"},
            {key: ["-1"] for key in WORDS},
            {},
            "holds the number -1 in smile, but probabilities from 0 to 1 would be written",
        ),
    ],
)
def test_a_form_that_can_t_hold_the_answer_is_a_sentence(
    task: dict, columns: dict | None, submission: dict, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        found_of(task, columns, **submission)
