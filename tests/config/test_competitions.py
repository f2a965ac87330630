"""What a competition file may say of its layout, and that every shipped one is sound."""

from pathlib import Path

import pytest

from pipeline.config.competition import Competition
from pipeline.config.yaml12 import read_yaml_file
from pipeline.labels.kinds import LAYOUT_COLUMNS
from pipeline.labels.layouts.registry import LAYOUTS
from pipeline.storage import PROJECT

SHIPPED = sorted((PROJECT / "configs/competitions").glob("*.yaml"))
AGE = {"kind": "regression"}


def contest(**words: object) -> Competition:
    start = {"name": "x", "root": "r", "layout": "cacd", "tasks": {"age": AGE}}
    return Competition.model_validate({**start, "answer": {"tasks": ["age"]}, **words})


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_competition_is_sound(path: Path) -> None:
    raw, _ = read_yaml_file(path)
    assert Competition.model_validate({**raw, "name": path.stem}).layout in LAYOUTS


def test_every_layout_has_a_reader_and_its_columns() -> None:
    assert Competition.model_fields["layout"].annotation.__args__ == tuple(LAYOUTS)
    assert LAYOUT_COLUMNS.keys() == LAYOUTS.keys()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({"layout": "table"}, "`table:` says where the tables lie"),
        ({"layout": "lines"}, "`lines:` says where images and labels lie"),
        ({"lines": {}}, "`lines:` says where images and labels lie"),
        ({"appa": {"faces": False}}, "`appa:` says which images are read"),
        ({"drawn": {}}, "`drawn:` makes a contest in the pstage layout"),
        ({"tasks": {"age": {**AGE, "column": "years"}}}, "has no 'years'; its columns are age"),
        ({"tasks": {"age": {**AGE, "group": "gender"}}}, "tasks.age.group: layout cacd has no"),
        ({"tasks": {"age": {**AGE, "column": "status"}}}, "layout cacd has no 'status'"),
        ({"tasks": {"age": {**AGE, "metric": "occlusion_gap"}}}, "needs `group:`"),
        ({"tasks": {"age": {**AGE, "metric": "rmsle"}}}, "needs `low: 0`"),
        ({"tasks": {"age": {**AGE, "metric": "log_loss"}}}, "is not known for a task of kind regr"),
        ({"tasks": {"age": {**AGE, "metric": "top@5"}}}, "is for tasks of kind multiclass, not"),
        ({"tasks": {"age": {**AGE, "metric": "cs@x"}}}, "'x' is not a number"),
        (
            {"layout": "lines", "lines": {}, "tasks": {"age": AGE, "b": AGE}},
            "layout lines has one label an image, but the tasks read the columns age, b",
        ),
    ],
)
def test_what_does_not_go_together_is_a_sentence(words: dict, says: str) -> None:
    with pytest.raises(ValueError, match="Value error") as error:
        contest(**words)
    assert says in str(error.value)


def test_appa_reads_faces_unless_told_otherwise() -> None:
    tasks = {"age": {**AGE, "column": "real_age"}}
    assert contest(layout="appa", tasks=tasks).layout_options == {}
    told = contest(layout="appa", tasks=tasks, appa={"faces": False})
    assert told.layout_options == {"faces": False}
