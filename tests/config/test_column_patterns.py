from pathlib import Path

import pytest

from pipeline.config.column_patterns import write_out_columns

CELEBA = "2\nBald Bangs Male Smiling Young\n1.jpg -1 1 1 -1 1\n2.jpg 1 -1 -1 1 1\n"


def written_out(folder: Path, columns: object, **more) -> list[str]:
    tasks = {"a": {"kind": "multilabel", "columns": columns}, **more}
    contest = {"root": "data", "table": {"train": "t.txt"}, "tasks": tasks}
    write_out_columns(contest, project=folder)
    return tasks["a"]["columns"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/t.txt").write_text(CELEBA)
    return tmp_path


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ("Ba*", ["Bald", "Bangs"]),
        (["Male..Young"], ["Male", "Smiling", "Young"]),
        (["Young", "B*", "Bangs..Male"], ["Young", "Bald", "Bangs", "Male"]),
        (["Male", "Young"], ["Male", "Young"]),
    ],
)
def test_patterns_and_ranges_are_written_out(folder: Path, columns, found: list[str]) -> None:
    assert written_out(folder, columns) == found


def test_another_task_s_column_is_not_a_label_too(folder: Path) -> None:
    assert written_out(folder, "*l*", Male={"kind": "binary"}) == ["Bald", "Smiling"]
    age = {"kind": "regression", "column": "Bald"}
    assert written_out(folder, "Ba*", age=age) == ["Bangs"]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (
            ["Wearing_*"],
            r"tasks\.a\.columns: no column is like 'Wearing_\*'; there are image_id, B",
        ),
        (["Bald..Youn"], "no column 'Youn'; did you mean 'Young'"),
        (["Young..Bald"], "'Bald' stands before 'Young' in the table"),
    ],
)
def test_what_fits_no_column_is_a_sentence(folder: Path, columns, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        written_out(folder, columns)
    (folder / "data/t.txt").unlink()
    with pytest.raises(ValueError, match="there is no such file; is root right"):
        written_out(folder, columns)
