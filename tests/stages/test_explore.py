"""explore on the tiny drawn contest: its counts against the label table itself."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def explored(contest: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder of the explored tiny sample, and its words."""
    from pipeline.__main__ import main

    folder = tmp_path_factory.mktemp("explored")
    words = tiny("sample", root=contest, folder=folder)
    assert main(["explore", *words]) == 0
    return folder / "runs/sample", words


def test_the_summary_counts_what_the_label_table_says(explored, contest: Path) -> None:
    run, _ = explored
    people = pd.read_csv(contest / "train/train.csv")
    said = (run / "explore/summary.txt").read_text()
    men = int((people["gender"] == "male").sum())
    assert f"male {7 * men} ({men / 12:.0%}, {men} people)" in said
    assert "people to learn from: 12, 7 images each" in said
    assert "worn 60 (71%, 12 people), incorrect 12" in said
    old = int((people["age"] >= 60).sum())
    women_old = int(((people["age"] >= 60) & (people["gender"] == "female")).sum())
    row = next(line for line in said.splitlines() if line.strip().startswith("worn/female"))
    assert int(row.split()[-1]) == 5 * women_old
    assert f">=60 {7 * old} (" in said


def test_every_figure_and_sheet_is_a_image_with_content(explored) -> None:
    run, _ = explored
    figures = ["classes", "numbers", "joint", "sizes", "faces"]
    sheets = sorted(path.stem for path in (run / "explore").glob("sheet-*.png"))
    assert {"sheet-mask-0", "sheet-mask-2", "sheet-gender-1", "sheet-test"} <= set(sheets)
    for name in (*figures, *sheets):
        with Image.open(run / f"explore/{name}.png") as image:
            assert np.asarray(image.convert("L")).std() > 5, name


def test_sheets_hold_only_their_class_and_say_which_image_is_which(explored) -> None:
    run, _ = explored
    images = pd.read_parquet(next(run.glob("images-*/images.parquet"))).set_index("image_id")
    faces = pd.read_parquet(next(run.glob("faces-*/faces.parquet"))).set_index("image_id")
    listed = pd.read_csv(run / "explore/sheets.csv")
    assert (faces.loc[listed["image_id"], "row"].to_numpy() == listed["row"]).all()
    women = listed[listed["sheet"] == "sheet-gender-1.png"]["image_id"]
    assert len(women) == 24
    assert (images.loc[women, "gender"] == "female").all()
    lowest = listed[listed["sheet"] == "sheet-lowest.png"]["image_id"]
    found = faces[faces["how"] == "mtcnn"]
    limit = found.loc[lowest, "probability"].max()
    assert (found.drop(lowest)["probability"] >= limit).all()


def test_names_and_ids_stand_in_no_summary(explored) -> None:
    run, _ = explored
    images = pd.read_parquet(next(run.glob("images-*/images.parquet")))
    said = (run / "explore/summary.txt").read_text()
    people = images["person_id"].dropna().astype(str).unique()
    assert len(people) >= 12
    assert not any(word in said for word in (*images["image_id"], *people))


def test_asked_again_it_does_nothing_and_other_edges_are_explored_anew(
    explored, contest: Path, call: Call
) -> None:
    _, words = explored
    people = pd.read_csv(contest / "train/train.csv")
    pairs = set(zip(people["gender"], people["age"] >= 20, strict=True))
    code, out, _ = call("explore", *words)
    assert code == 0
    assert "nothing to do" in out
    code, out, err = call("explore", *words, "competition.tasks.age.edges=[20, 90]")
    assert code == 0, err
    assert ">=90 0 (0%, 0 people)" in out
    assert f"{3 * (6 - len(pairs))} never come" in out


def test_combinations_that_never_come_are_zero() -> None:
    from pipeline.experiment.data_summary import joint_table

    kinds = {"a": ["x", "y"], "b": ["p", "q"], "c": ["0", "1", "2"]}
    rows = [("x", "p", "0"), ("x", "p", "0"), ("y", "q", "2")]
    words = pd.DataFrame(
        {
            name: pd.Categorical([row[i] for row in rows], categories=kinds[name], ordered=True)
            for i, name in enumerate(kinds)
        }
    )
    table = joint_table(words, ["a", "b", "c"])
    assert table.index.tolist() == ["x/p", "x/q", "y/p", "y/q"]
    assert table.loc["x/p"].tolist() == [2, 0, 0]
    assert table.loc["y/q"].tolist() == [0, 0, 1]
    assert table.to_numpy().sum() == 3
    assert joint_table(words, ["a", "b"]).to_numpy().tolist() == [[2, 0], [0, 1]]
