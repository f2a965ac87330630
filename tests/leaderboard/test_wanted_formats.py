"""What is filled in from a sample file, and what of it is an error before anything is trained."""

import pandas as pd
import pytest

from pipeline.config import Experiment
from pipeline.leaderboard.sample_file import SampleFile
from pipeline.leaderboard.wanted_formats import answer_formats

NAMED = {"kind": "multiclass", "classes": ["worn", "wrong", "none"]}
FROM_ONE = {"kind": "multiclass", "classes": ["1", "2", "3"]}
GRADES = {"kind": "multiclass", "classes": ["0", "1", "2"]}
SMILE = {"kind": "binary", "classes": ["no", "yes"]}
SIGNS = {"kind": "binary", "classes": ["-1", "1"]}
AUC = {"kind": "binary", "classes": ["0", "1"], "metric": "roc_auc"}
YEARS = {"kind": "regression", "low": 0, "high": 100}


def experiment(tasks: dict, **submission) -> Experiment:
    answer = {"tasks": tuple(tasks), **({"combine": "columns"} if len(tasks) > 1 else {})}
    contest = {"name": "c", "layout": "table", "root": "x", "table": {"test": "test.csv"}}
    contest |= {"tasks": tasks, "answer": answer, "submission": {"id": "id", **submission}}
    members = {"m": {"tasks": {name: {} for name in tasks}, "backbone": "test_resnet"}}
    return Experiment.model_validate({"name": "e", "competition": contest, "members": members})


def sample(columns: dict[str, list], *, name: str = "sample.csv") -> SampleFile:
    num = len(next(iter(columns.values()), ["", ""]))
    frame = pd.DataFrame({"id": [f"i{n}" for n in range(num)], **columns}, dtype=str)
    return SampleFile(name, "id", frame, is_test_table=name == "test.csv")


@pytest.mark.parametrize(
    ("task", "values", "value"),
    [
        (NAMED, ["worn", "worn"], "label"),
        (NAMED, ["0", "0"], "index"),  # numbers cannot be its words
        (NAMED, ["?", ""], "index"),  # blanks say nothing
        (FROM_ONE, ["1", "1"], "label"),
        (FROM_ONE, ["1.0", "2.0"], "label"),
        (FROM_ONE, ["0", "2"], "index"),  # 0 is none of its words
        (GRADES, ["0", "0"], "index"),
        (GRADES, ["0.0", "0.0"], "index"),
        (SMILE, ["yes", "yes"], "label"),
        (SMILE, ["0.5", "0.5"], "probability"),
        (SMILE, ["0", "0"], "index"),
        (SIGNS, ["-1", "-1"], "label"),
        (AUC, ["0", "0"], "probability"),  # decided answers would lose the order
        (AUC, ["0.5", "0.5"], "probability"),
        (YEARS, ["0", "0"], "number"),
        (YEARS, ["-1", "-1"], "number"),  # one number alone is a placeholder
    ],
)
def test_the_value_is_filled_in_from_the_sample(task: dict, values: list, value: str) -> None:
    (found,) = answer_formats(experiment({"kind": task}), sample({"label": values}))
    assert (found.columns, found.value) == (("label",), value)


@pytest.mark.parametrize(
    ("task", "values", "more", "says"),
    [
        (NAMED, ["Worn", "Worn"], {}, "holds the words Worn.*classes worn, wrong, none would be"),
        (NAMED, ["Worn", "Worn"], {}, "did you mean 'worn'"),
        (NAMED, ["1", "3"], {}, "numbers 1, 3 in label, but class numbers from 0 to 2 would be"),
        (NAMED, ["worn", "worn"], {"value": "index"}, "submission.value=label writes the same"),
        (NAMED, ["0", "2"], {"value": "label"}, "submission.value=index writes the same kind"),
        (FROM_ONE, ["0", "0"], {}, "value=label writes 1, 2, 3, submission.value=index writes 0"),
        (SIGNS, ["0", "0"], {}, "could be a class number"),
        (SMILE, ["0.2", "1.7"], {}, "holds the numbers 0.2, 1.7"),
        (GRADES, ["0.5", "0.5"], {}, "class numbers from 0 to 2 would be written"),
        (YEARS, ["young", "old"], {}, "holds the words young, old.*numbers from 0 to 100"),
        (YEARS, ["5", "120"], {}, "numbers 5, 120 in label, but numbers from 0 to 100"),
        (AUC, ["50", "70"], {}, "numbers 50, 70 in label, but probabilities from 0 to 1 would be"),
        (AUC, ["0.5", "0.5"], {"value": "label"}, "value=probability writes the same kind"),
    ],
)
def test_another_kind_of_value_is_an_error_with_both_sides(
    task: dict, values: list, more: dict, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        answer_formats(experiment({"kind": task}, **more), sample({"label": values}))


def test_what_the_settings_say_counts_where_the_sample_allows_it() -> None:
    (found,) = answer_formats(experiment({"k": FROM_ONE}, value="index"), sample({"l": ["1", "2"]}))
    assert found.value == "index"
    (found,) = answer_formats(experiment({"k": AUC}, value="index"), sample({"l": ["0", "0"]}))
    assert found.value == "index"


def test_every_column_is_answered_and_none_is_made_up() -> None:
    both = experiment({"male": AUC, "young": AUC})
    halves = ["0.5", "0.5"]
    found = answer_formats(both, sample({"young": halves, "male": halves}))
    assert [one.columns for one in found] == [("male",), ("young",)]
    assert [one.value for one in found] == ["probability", "probability"]
    with pytest.raises(ValueError, match=r"id, male, young, hat, but id, male, young would be"):
        answer_formats(both, sample({"male": halves, "young": halves, "hat": halves}))
    with pytest.raises(ValueError, match=r"no column 'young'; did you mean 'Young'\?"):
        answer_formats(both, sample({"male": halves, "Young": halves}))
    one = experiment({"male": AUC}, column="sex")
    with pytest.raises(ValueError, match="has the columns id, male, but id, sex would be written"):
        answer_formats(one, sample({"male": halves}))


def test_a_test_table_in_the_place_of_a_sample_gives_only_its_ids() -> None:
    table = sample({"path": ["a.jpg", "b.jpg"], "hour": ["1", "2"]}, name="test.csv")
    (found,) = answer_formats(experiment({"k": NAMED}), table)
    assert (found.columns, found.value) == (("answer",), "index")
    (found,) = answer_formats(experiment({"k": NAMED}), sample({}))
    assert found.columns == ("answer",), "a list of ids"
    filled = sample({"path": ["a.jpg"], "k": ["worn"]}, name="test.csv")
    (found,) = answer_formats(experiment({"k": NAMED}, column="k"), filled)
    assert found.value == "label", "its placeholders say how, as those of a sample do"


def test_a_probability_a_class_in_the_sample_s_columns() -> None:
    thirds = {name: ["0.333", "0.333"] for name in ("none", "worn", "wrong")}
    (found,) = answer_formats(experiment({"k": NAMED}), sample(thirds))
    assert (found.columns, found.value) == (("worn", "wrong", "none"), "probability")
    (found,) = answer_formats(
        experiment({"k": NAMED}), sample({name.title(): v for name, v in thirds.items()})
    )
    assert found.columns == ("Worn", "Wrong", "None")
    named = experiment({"k": NAMED}, columns={"worn": "c0", "wrong": "c1", "none": "c2"})
    (found,) = answer_formats(named, sample({"c0": ["1"], "c1": ["0"], "c2": ["0"]}))
    assert found.columns == ("c0", "c1", "c2")
    (found,) = answer_formats(experiment({"k": NAMED}, value="probability"), None)
    assert found.columns == ("worn", "wrong", "none")
    with pytest.raises(ValueError, match=r"label writes one column, but sample\.csv has a column"):
        answer_formats(experiment({"k": NAMED}, value="label"), sample(thirds))
    for other in ({"0": ["0.3"], "1": ["0.3"], "2": ["0.4"]}, {"worn": ["1"], "none": ["0"]}):
        with pytest.raises(
            ValueError, match=r"say which is which: competition.submission.columns=\{worn: COL"
        ):
            answer_formats(experiment({"k": NAMED}), sample(other))
    with pytest.raises(ValueError, match="needs one for each of worn, wrong, none"):
        answer_formats(experiment({"k": NAMED}, value="probability"), sample({"a": ["0.5"]}))
    with pytest.raises(ValueError, match="class 'wron' is not known; did you mean 'wrong'"):
        answer_formats(experiment({"k": NAMED}, columns={"wron": "c1"}), sample(thirds))
    with pytest.raises(ValueError, match="a probability a class needs a column a class"):
        answer_formats(experiment({"k": NAMED, "a": AUC}, value="probability"), None)


def test_columns_without_a_sample_are_the_tasks_own() -> None:
    found = answer_formats(
        experiment({"k": NAMED, "a": AUC, "y": YEARS}, columns={"y": "age"}), None
    )
    assert [(one.columns, one.value) for one in found] == [
        (("k",), "index"),
        (("a",), "probability"),
        (("age",), "number"),
    ]
    (found,) = answer_formats(experiment({"k": NAMED}), None)
    assert found.columns == ("answer",)
    with pytest.raises(ValueError, match="the column 'id' would be written twice"):
        answer_formats(experiment({"k": NAMED}, column="id"), None)
