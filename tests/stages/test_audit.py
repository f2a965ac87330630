"""audit through the front door, on a contest with planted copies and labels."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.labels.fixes import read_fixes
from tests.conftest import tiny
from tests.contests import make_contest

Call = Callable[..., tuple[int, str, str]]
# no pretrained network: the crop itself is what the probe looks at
QUICK = ("audit.backbone=null", "crop.faces=given")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The attribute64 layout with 24 train and 6 test faces, and copies: train 25 to 30 are six of
    the first in other light, mirrored or compressed; one test image is a train image."""
    root = make_contest("lines", tmp_path_factory.mktemp("planted"))
    labels = (root / "label_train.txt").read_text().split()
    for number in range(1, 7):
        image = Image.open(root / f"train_img/{number:06d}.jpg")
        if number % 3 == 0:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        elif number % 3 == 1:
            image = image.point(lambda value: value * 0.8)
        image.save(root / f"train_img/{24 + number:06d}.jpg", quality=60)
        labels.append(labels[number - 1])
    (root / "label_train.txt").write_text("".join(f"{label}\n" for label in labels))
    shutil.copy(root / "train_img/000010.jpg", root / "val_img/000002.jpg")
    return root


@pytest.fixture(scope="module")
def audited(planted: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder of the runs, and the words, of an audit whose folds know of no lookalikes."""
    pytest.importorskip("cleanlab")
    from pipeline.__main__ import main

    folder = tmp_path_factory.mktemp("audited")
    words = [*tiny("attribute64-lite", root=planted, folder=folder), *QUICK, "folds.num=3"]
    assert main(["audit", *words, "folds.lookalikes=null"]) == 0
    return folder / "runs", words


def test_copies_planted_across_folds_are_found_and_named_a_leak(audited) -> None:
    """Precision and recall 1: the six planted pairs (n = 30 train images) and the test copy."""
    runs, _ = audited
    folder = runs / "attribute64-lite/audit"
    pairs = pd.read_csv(folder / "pairs.csv")
    names = {tuple(sorted(pair)) for pair in zip(pairs["image_id"], pairs["other"], strict=True)}
    expected = {(f"train/{n:06d}.jpg", f"train/{n + 24:06d}.jpg") for n in range(1, 7)}
    assert names == expected | {("000002.jpg", "train/000010.jpg")}
    assert set(pairs.loc[pairs["mirrored"], "image_id"]) == {"train/000003.jpg", "train/000006.jpg"}
    folds = pd.read_csv(next(runs.glob("attribute64/folds-*/folds.csv")))
    fold = folds.set_index("image_id")["fold"]
    leaks = sum(fold[a] != fold[b] for a, b in expected)
    assert pairs["leak"].sum() == leaks > 0
    said = (folder / "summary.txt").read_text()
    assert "12 of 30 train images are nearly the same" in said
    assert f"LEAK: {leaks} of these pairs" in said
    assert "folds.lookalikes: 0.7" in said
    assert "different people" not in said and "nobody is seen twice" not in said
    assert "1 of 6 test images are nearly the same as one of 1 train images" in said


def test_the_joins_mend_the_leak(audited, planted: Path, tmp_path: Path, call: Call) -> None:
    runs, _ = audited
    fixes = runs / "attribute64-lite/audit/people.csv"
    assert len(read_fixes(fixes)) == 6
    words = [*tiny("attribute64-lite", root=planted, folder=tmp_path), *QUICK, "folds.num=3"]
    code, out, err = call(
        "audit", *words, "folds.lookalikes=null", f"competition.fixes={fixes}", "audit.labels=false"
    )
    assert code == 0, err
    assert "LEAK" not in out
    assert "12 of 30 train images name their person" in out
    assert "split: Checked: 30 images of 24 groups" in out and "Proved" not in out


def test_it_says_what_it_wrote_and_is_done_until_more_is_trained(audited, call: Call) -> None:
    runs, words = audited
    folder = runs / "attribute64-lite/audit"
    for name in ("pairs.png", "shift.png", "scores.png"):
        with Image.open(folder / name) as image:
            assert np.asarray(image.convert("L")).std() > 5, name
    for name in ("leaks.csv", "shift.csv", "labels.csv", "fixes.csv"):
        assert (folder / name).exists(), name
    code, out, err = call("audit", *words, "folds.lookalikes=null")
    assert code == 0, err
    assert "nothing to do" in out


def test_a_trained_member_looks_at_the_copies_too(audited, call: Call) -> None:
    """Asked again after training, audit looks again: at the pairs by the member's embedding, at the
    labels by its OOF. Copies are more alike to it than other images are, whose mean cosine is 0
    at most (they are centred)."""
    runs, words = audited
    words = [*words, "folds.lookalikes=null", "folds.train=[0]"]
    code, _, err = call("train", *words)
    assert code == 0, err
    code, out, err = call("audit", *words)
    assert code == 0, err
    assert "by the OOF of blocks, blocks_lite2, lite0" in out
    assert "of 6 of them alike" in out
    pairs = pd.read_csv(runs / "attribute64-lite/audit/pairs.csv")
    assert pairs["embedding"].between(-1, 1).all()
    assert pairs.loc[~pairs["mirrored"], "embedding"].median() > 0.5


def test_wrong_people_are_named_and_edited_fixes_are_kept(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    """A member answers as the labels were; then two of 12 people change their gender by a fix."""
    pytest.importorskip("cleanlab")
    people = pd.read_csv(contest / "train/train.csv", dtype={"id": str})
    wrong = people.groupby("gender")["id"].first()
    turned = {wrong["male"]: "female", wrong["female"]: "male"}
    lines = [f"{who},gender,{word},planted" for who, word in turned.items()]
    fixes = tmp_path / "planted.csv"
    fixes.write_text("\n".join(["person_id,column,value,reason", *lines]) + "\n")
    words = [*tiny("sample", root=contest, folder=tmp_path), f"competition.fixes={fixes}", QUICK[0]]
    code, _, err = call("train", *words)
    assert code == 0, err
    run = tmp_path / "runs/sample"
    answer_as_labelled(run, people)
    code, out, err = call("audit", *words)
    assert code == 0, err
    table = pd.read_csv(run / "audit/labels.csv", dtype={"person_id": str})
    found = table[table["task"] == "gender"]
    assert dict(zip(found["person_id"], found["suggested"], strict=True)) == {
        who: people.set_index("id").loc[who, "gender"] for who in turned
    }
    assert (found["agreeing"] == 7).all()
    assert "gender: 2 of 12 people are doubted by the OOF of gender" in out
    suggested = {(fix.name, fix.column) for fix in read_fixes(run / "audit/fixes.csv")}
    assert {(who, "gender") for who in turned} <= suggested
    kept = (run / "audit/fixes.csv").read_text().splitlines()[:2]
    (run / "audit/fixes.csv").write_text("\n".join(kept) + "\n")
    code, out, err = call("audit", *words, "audit.sheet=8")
    assert code == 0, err
    assert (run / "audit/fixes.csv").read_text().splitlines() == kept
    assert len(read_fixes(run / "audit/fixes-new.csv")) > 1
    assert "was edited since and stays" in out


def answer_as_labelled(run: Path, people: pd.DataFrame) -> None:
    """Makes a sure gender of the stored OOF: what the label table says."""
    images = pd.read_parquet(next(run.glob("images-*/images.parquet"))).set_index("image_id")
    gender = people.set_index("id")["gender"]
    for path in (run / "gender").glob("fold*/oof.parquet"):
        frame = pd.read_parquet(path)
        male = images.loc[frame["image_id"], "person_id"].map(gender).eq("male").to_numpy()
        frame["gender.male"] = np.where(male, 0.97, 0.03).astype(np.float32)
        frame["gender.female"] = 1 - frame["gender.male"]
        file = io.BytesIO()
        frame.to_parquet(file, index=False)
        path.write_bytes(file.getvalue())


def test_without_cleanlab_a_sentence_says_what_to_type(
    planted: Path, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pipeline.stages.audit

    monkeypatch.setattr(pipeline.stages.audit, "find_spec", lambda name: None)
    words = [*tiny("attribute64-lite", root=planted, folder=tmp_path), *QUICK]
    code, _, err = call("audit", *words)
    assert code == 2
    assert "install -r requirements-audit.txt" in err
    assert not (tmp_path / "runs").exists()
