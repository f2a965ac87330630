"""Files with a row for each answer of an image: seen in the sample, written, and read back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.ensembling.answer_file import Column
from pipeline.leaderboard.answer_table import read_answer_table, write_answer_table
from pipeline.leaderboard.row_form import find_row_form
from pipeline.leaderboard.sample_file import read_sample_file
from pipeline.leaderboard.wanted_formats import answer_formats
from tests.leaderboard.test_wanted_formats import experiment

EYES = {name: {"kind": "regression", "low": 0, "high": 96} for name in ("eye_x", "eye_y")}
LABELS = {
    "tags": {
        "kind": "multilabel",
        "columns": ["smile", "hat_on"],
        "metric": "macro_roc_auc",
    }
}
KEYPOINTS = "RowId,id,FeatureName,Location\n1,b,eye_x,?\n2,b,eye_y,?\n3,a,eye_y,?\n"


def test_keypoints_are_written_in_the_sample_s_rows_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "IdLookupTable.csv"
    path.write_text(KEYPOINTS)
    settings = experiment(EYES, sample="IdLookupTable.csv")
    sample = read_sample_file(settings, path)
    assert sample.ids == ["b", "a"]  # images
    assert sample.rows is not None
    assert not sample.rows.asks_everything  # nothing is asked for eye_x of a
    formats = answer_formats(settings, sample)
    assert [one.columns for one in formats] == [("eye_x",), ("eye_y",)]
    columns = [
        Column("eye_x", np.array([1.5, 2.5])),
        Column("eye_y", np.array([30.25, 40.25])),
    ]
    made = tmp_path / "made.csv"
    form = sample.rows
    given = {"id_column": "id", "sample_ids": sample.ids, "rows": form}
    assert write_answer_table(made, ["a", "b"], columns, **given) == 3
    assert pd.read_csv(made).to_csv(index=False) == (
        "RowId,id,FeatureName,Location\n1,b,eye_x,2.5\n2,b,eye_y,40.25\n3,a,eye_y,30.25\n"
    )
    back = read_answer_table(made, ["eye_x", "eye_y"], id_column="id", rows=form)
    assert back.loc["b"].tolist() == ["2.5", "40.25"]
    assert back.loc["a"].tolist() == ["", "30.25"]


def test_only_the_columns_that_are_handed_in(tmp_path: Path) -> None:
    path = tmp_path / "sample.csv"
    path.write_text(KEYPOINTS)
    rows = {"feature": "FeatureName", "value": "Location", "written": ["RowId", "Location"]}
    sample = read_sample_file(experiment(EYES, sample="sample.csv", rows=rows), path)
    columns = [Column(name, np.array([1, 2])) for name in EYES]
    made = tmp_path / "made.csv"
    write_answer_table(
        made, ["a", "b"], columns, id_column="id", sample_ids=sample.ids, rows=sample.rows
    )
    assert made.read_text() == "RowId,Location\n1,2\n2,2\n3,1\n"
    back = read_answer_table(made, list(EYES), id_column="id", rows=sample.rows)
    assert back.loc["b"].tolist() == ["2", "2"]
    made.write_text("RowId,Location\n9,2\n")
    with pytest.raises(ValueError, match="9 is not in the sample"):
        read_answer_table(made, list(EYES), id_column="id", rows=sample.rows)


@pytest.mark.parametrize("joined_by", ["_", "-"])
def test_names_behind_the_id(tmp_path: Path, joined_by: str) -> None:
    path = tmp_path / "sample.csv"
    asked = [f"x_1{joined_by}smile", f"x_1{joined_by}hat_on", f"y{joined_by}smile"]
    path.write_text("id,Label\n" + "".join(f"{text},0.5\n" for text in asked))
    settings = experiment(LABELS, sample="sample.csv")
    sample = read_sample_file(settings, path)
    assert sample.ids == ["x_1", "y"]
    (one,) = answer_formats(settings, sample)
    assert (one.columns, one.value) == (("smile", "hat_on"), "probability")
    probs = np.array([[0.1, 0.2], [0.3, 0.4]])
    made, given = tmp_path / "made.csv", {"id_column": "id", "rows": sample.rows}
    columns = one.write(probs, (probs > 0.25) * 1)
    write_answer_table(made, ["y", "x_1"], columns, sample_ids=sample.ids, **given)
    assert pd.read_csv(made)["Label"].tolist() == [0.3, 0.4, 0.1]
    # OOF answers have no sample: every image with every name
    write_answer_table(made, ["p", "q"], columns, **given)
    found = pd.read_csv(made)
    assert found["id"].tolist() == [
        f"{image}{joined_by}{name}" for image in "pq" for name in ("smile", "hat_on")
    ]
    back = read_answer_table(made, list(one.columns), **given)
    np.testing.assert_allclose(one.read(back), probs)


def test_a_sample_with_a_row_an_image_is_none(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "eye_x": ["0", "0"], "eye_y": ["0", "0"]})
    found = find_row_form(experiment(EYES), frame, sample="s.csv", id_column="id")
    assert found is None


@pytest.mark.parametrize(
    ("rows", "text", "says"),
    [
        ({"value": "Loc"}, KEYPOINTS, "no column 'Loc'; it has RowId, id, FeatureName, Location"),
        (
            {"feature": "FeatureName", "value": "Location"},
            KEYPOINTS.replace("eye_y", "eye_z"),
            "asks for 'eye_z'; did you mean 'eye_",
        ),
        ({"value": "Location"}, KEYPOINTS, "the id 'b' ends with no answer's name"),
    ],
)
def test_rows_that_do_not_fit_are_a_sentence(
    tmp_path: Path, rows: dict, text: str, says: str
) -> None:
    (tmp_path / "sample.csv").write_text(text)
    with pytest.raises(ValueError, match=says):
        read_sample_file(experiment(EYES, sample="sample.csv", rows=rows), tmp_path / "sample.csv")
