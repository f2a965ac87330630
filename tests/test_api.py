"""The notebook's names: a run's results as frames, its cells as functions, stages as one call."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import load_run, run
from pipeline.images.read import read_image
from tests.conftest import TINY, TINY_MEMBER


def test_the_results_of_a_run_are_frames(plain: Path, contest: Path, tmp_path: Path) -> None:
    made = load_run("sample", runs=plain / "runs")
    scores = made.scores()
    assert {"source", "task", "fold", "metric", "value"} <= set(scores.columns)
    submission = pd.read_csv(plain / "submissions/sample.csv")
    pd.testing.assert_frame_equal(made.submission(), submission)
    assert len(made.oof()) == 12 * 7 and set(made.oof("mask")["fold"]) == {0, 1}
    curves = made.curves()
    assert set(curves["member"]) == {"mask", "gender", "age"}
    assert len(curves[curves["member"] == "mask"]) == 2  # one epoch in each of two folds
    answered = made.answer(contest / "eval", to=tmp_path / "again.csv", folder=tmp_path / "kept")
    pd.testing.assert_frame_equal(answered, submission)


def test_images_are_predicted_from_files_pixels_and_folders(
    plain: Path, contest: Path, tmp_path: Path
) -> None:
    made = load_run(plain / "runs/sample/config.yaml")
    answers = made.submission().set_index("ImageID")["ans"]
    image_id = answers.index[0]
    path = contest / "eval/images" / image_id
    (tmp_path / "wall.png").write_text("no image")
    found = made.predict([path, read_image(path), tmp_path])
    assert found["answer"].iloc[0] == found["answer"].iloc[1] == answers[image_id]
    assert "wall.png" in found["status"].iloc[2]
    grey = made.predict(np.full((120, 160, 3), 90, np.uint8), by="mask")
    assert grey["status"].tolist() == ["no face found"]


def test_what_is_not_there_is_said(plain: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no run 'sampel'.*did you mean 'sample'"):
        load_run("sampel", runs=plain / "runs")
    made = load_run("sample", runs=plain / "runs", overrides={"submissions": tmp_path})
    with pytest.raises(ValueError, match=r"first ./run.sh infer -c sample"):
        made.submission()
    with pytest.raises(ValueError, match="no member 'mak'"):
        made.oof("mak")
    with pytest.raises(ValueError, match="no file or folder"):
        made.predict(tmp_path / "absent.jpg")


def test_stages_run_as_one_call(contest: Path, tmp_path: Path) -> None:
    overrides = dict(word.split("=", 1) for word in TINY)
    overrides |= {
        f"members.{m}.{k}": v for m in ("mask", "gender", "age") for k, v in TINY_MEMBER.items()
    }
    overrides |= {"root": contest, "runs": tmp_path / "runs", "submissions": tmp_path / "subs"}
    overrides["folds.num"] = 2
    made = run("split", config="sample", overrides=overrides)
    assert made.runs.folds.exists() and made.settings.folds.num == 2
    with pytest.raises(ValueError, match="no stage 'trian'"):
        run("trian", config="sample")
