"""Settings that are sound one by one and not together: each is one sentence that names the key."""

import pytest

from pipeline.config import load_experiment
from pipeline.storage import PROJECT

COLUMNS = "competition.answer={tasks: [age, gender], combine: columns}"
NUMBER = "competition.tasks.years={kind: regression, low: 0, high: 99"
SPAN = "members.age.tasks={age: {loss: coral, span: [0, 100]"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["members.age.lr=1e400"], "members.age.lr: found inf; input should be a finite number"),
        (["members.age.augment=[{Blur: {}}, {Blur: {}, Rotate: {}}]"], "augment: entry 2 must be"),
        (["members.age.seeds=[1, 2, 1]"], "seeds: names the same seed twice in [1, 2, 1]"),
        (
            ["members.age.tasks={age: {}, gender: {}}", "members.age.sampler=balanced"],
            "sampler: balanced on what? set balance_on: one of age, gender",
        ),
        (["members.age.tasks.age.edges=[30]"], "age.edges: the task has 2 edges, so training"),
        (["members.age.tasks.age.edges=[60, 30]"], "age.edges: must rise, found [60"),
        (["members.gender.tasks.gender.band=2"], "gender.band: only a task with edges can share"),
        (["members.age.tasks.age.class_weights=[1, 2]"], "age.class_weights: 2 for 3 classes"),
        (["members.gender.tasks.gender.span=[0, 9]"], "gender.span: only for a task of kind mult"),
        ([f"{SPAN}, band: 2}}}}"], "age.band: of no use beside span"),
        ([f"{SPAN}, class_weights: balanced}}}}"], "age.class_weights: of no use beside span"),
        (["competition.layout=table"], "`table:` says where the tables lie; it goes with layout"),
        (["competition.lines={}"], "`lines:` says where images and labels lie"),
        (["competition.appa={}"], "`appa:` says which images are read; it goes with"),
        (["competition.layout=utkface"], "`drawn:` makes a contest in the pstage layout"),
        (["competition.tasks.answer={kind: multiclass, classes: [a, b]}"], "called 'answer'"),
        (
            ["competition.answer.tasks=[age, age]"],
            "answer.tasks: names the same task twice",
        ),
        ([f"{COLUMNS[:-1]}, metric: accuracy}}"], "answer.metric: each column is scored by its"),
        ([COLUMNS, "competition.submission.format=lines"], "lines hold one answer each, not sev"),
        (
            ["competition.submission.columns={age: a}"],
            "submission.columns: is only for answer",
        ),
        ([COLUMNS, "competition.submission.columns={age: x, gender: x}"], "a column twice in"),
        (
            ["competition.submission.value=number"],
            "value: number is for an answer of kind regression",
        ),
        (
            [COLUMNS, "competition.submission.value=probability"],
            "probability is for an answer of kind binary, multilabel or",
        ),
        (["competition.tasks.age.classes=[a, b]"], "needs either classes or edges"),
        (["competition.tasks.x={kind: binary, classes: [a]}"], "needs two classes, the one for 0"),
        ([f"{NUMBER}, edges: [1]}}"], "a task of kind regression has neither classes nor edges"),
        (
            ["competition.tasks.x={kind: multiclass, classes: [a, a]}"],
            "at least two different words",
        ),
        (["competition.tasks.age.edges=[60, 30]"], "edges must rise, found [60"),
        ([f"{NUMBER}, metric: occlusion_gap}}"], "metric occlusion_gap needs `group:`"),
        (["tta=[identity, identity]"], "names 'identity' twice"),
        (["folds.column=gender"], "column: names the folds' column; it goes with by: column"),
        (["folds.by=column", "folds.column=gender", "folds.repeats=2"], "are always the same"),
        (["tune.sweep=[1.0, 0.1, 9]"], "sweep: low, high and at least 3 rates, found [1.0,"),
        (["members.age.pseudo={by: [gender, gender]}"], ".by: the same member twice in ['gend"),
        (["ensemble.members=[age, mask, gender, age]"], "ensemble.members: the same member twice"),
        (["ensemble.method=weighted", "ensemble.weights={age: 0}"], "one must be above 0"),
        (["compare.two=[age, age]"], "compare.two: the same member twice"),
        (["compare.age=[age]"], "compare.age: already the name of a row; choose another"),
        (["ensemble.threshold=0.4"], "ensemble.threshold: the answer holds no task of kind binary"),
    ],
)
def test_a_contradiction_is_one_sentence(words: list[str], says: str) -> None:
    with pytest.raises(ValueError) as caught:
        load_experiment("sample", words, configs=PROJECT / "configs")
    assert says in str(caught.value), caught.value
    assert "none of  predicts" not in str(caught.value), "a sentence about nobody"
