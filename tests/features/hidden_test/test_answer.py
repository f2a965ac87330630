"""Other test images get the answers that they would have got as the contest's own."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from tests.whole_runs import run_words

Call = Callable[..., tuple[int, str, str]]


def stored(folder: Path) -> dict[Path, int]:
    """Every file of a run but those of other test parts, with its time."""
    files = [path for path in folder.rglob("*") if path.is_file() and "tests" not in path.parts]
    return {path: path.stat().st_mtime_ns for path in files if not path.name.startswith(".")}


def test_the_contests_own_test_images_get_the_bytes_of_its_submission(
    plain: Path, contest: Path, tmp_path: Path, call: Call
) -> None:
    before = stored(plain / "runs")
    place = tmp_path / "swapped"
    shutil.copytree(contest / "eval", place / "eval")
    code, out, err = call("infer", f"test={place}", *run_words(contest, plain))
    assert code == 0, err
    assert "train" not in out and "21 answers to" in out
    made = plain / "submissions/sample-swapped.csv"
    assert made.read_bytes() == (plain / "submissions/sample.csv").read_bytes()
    assert stored(plain / "runs") == before
    assert "sample-swapped.csv has the same answers as sample" in out, (
        "the ledger knows these bytes"
    )
    other = tmp_path / "elsewhere/swapped"
    shutil.copytree(contest / "eval", other / "eval")
    code, out, err = call("infer", f"test={other}", *run_words(contest, plain))
    assert code == 0, err
    assert json.loads(made.with_suffix(".json").read_text())["test"] == str(place)
    (second,) = set((plain / "submissions").glob("sample-swapped-*.csv"))
    assert second.read_bytes() == made.read_bytes()
    shutil.rmtree(other)
    code, _, err = call("reproduce", second, "-c", "sample")
    assert code == 2 and "which is not there any more" in err


def test_what_stack_kept_answers_other_images_too(
    plain: Path, contest: Path, tmp_path: Path, call: Call
) -> None:
    stacked = tmp_path / "stacked"
    shutil.copytree(plain, stacked)
    assert call("stack", *run_words(contest, stacked))[0] == 0
    place = tmp_path / "later"
    shutil.copytree(contest / "eval", place / "eval")
    code, out, err = call("infer", f"test={place}", *run_words(contest, stacked))
    assert code == 0, err
    record = json.loads((stacked / "submissions/sample-stack.json").read_text())
    has_kept = any(part["kept"] for part in record["parts"])
    how = "by the layers that stack kept" if has_kept else "stack kept no layer, so by the plain"
    assert how in out
    made = stacked / "submissions/sample-later-stack.csv"
    assert made.read_bytes() == (stacked / "submissions/sample-stack.csv").read_bytes()


def test_a_bare_folder_is_answered_and_a_swapped_image_is_looked_at_again(
    plain: Path, contest: Path, tmp_path: Path, call: Call
) -> None:
    wanted = pd.read_csv(plain / "submissions/sample.csv").set_index("ImageID")["ans"]
    place = tmp_path / "three"
    place.mkdir()
    ids = sorted(wanted.index)[:3]
    for image_id in ids:
        shutil.copy(contest / "eval/images" / image_id, place / image_id)
    (place / ".hidden.jpg").write_bytes(b"junk")
    words = ["infer", f"test={place}", *run_words(contest, plain)]
    assert call(*words)[0] == 0
    made = plain / "submissions/sample-three.csv"
    found = pd.read_csv(made).set_index("ImageID")["ans"]
    assert found.to_dict() == wanted[ids].to_dict()

    (place / ids[0]).write_text("not an image any more")
    code, _, err = call(*words)
    assert code == 2
    assert f"1 of 3 test images can't be read (1 unreadable); the first is '{ids[0]}" in err
    code, out, err = call(*words, "competition.missing_test=0.5")
    assert code == 0, err
    assert f"1 test image can't be read and got the prior: {ids[0]}\n" in out
    found = pd.read_csv(made).set_index("ImageID")["ans"]
    assert found[ids[1:]].to_dict() == wanted[ids[1:]].to_dict()


def test_what_cannot_be_answered_is_one_sentence(
    plain: Path, contest: Path, tmp_path: Path, call: Call
) -> None:
    words = run_words(contest, plain)
    code, _, err = call("infer", f"test={tmp_path}/absent", *words)
    assert code == 2 and "absent: no such file or folder" in err
    code, _, err = call("infer", f"test={tmp_path}", *words)
    assert code == 2 and "no image and no test table lies in this folder" in err
    untrained = [word for word in words if not word.startswith("runs=")]
    code, _, err = call("infer", f"test={contest}", *untrained, f"runs={tmp_path}/empty")
    assert code == 2 and "is not there; first ./run.sh train" in err
