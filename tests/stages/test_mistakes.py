"""What users do to a finished run: each is told in a sentence, and what it says to do helps."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipeline.models.checkpoint import load_state, save_state
from tests.random_contest import NUMBER, make, people

Call = Callable[..., tuple[int, str, str]]
CSV = "submissions/odd.csv"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[str]]:
    """A finished run, a copy of it to restore it from, and its words."""
    from pipeline.__main__ import main

    folder = tmp_path_factory.mktemp("mistakes") / "Käse & Läuse (1) 顔"
    folder.mkdir()
    train = [(name, person, 1 + i % 7) for i, (name, person, _) in enumerate(people("a" * 10))]
    words = make(folder, train, test=["x.png", "y.png"], task=NUMBER)
    assert main(["infer", *words]) == 0
    kept = folder.parent / "kept"
    shutil.copytree(folder, kept)
    return folder, kept, words


@pytest.fixture
def run(finished: tuple[Path, Path, list[str]]) -> Path:
    """The folder of the finished run, as it was."""
    folder, kept, _ = finished
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    return folder


@pytest.fixture
def words(finished: tuple[Path, Path, list[str]]) -> list[str]:
    return finished[2]


DAMAGED = {  # a file, and what is removed so that it is read again
    "images-*/images.parquet": "m",
    "faces-*/faces.parquet": "m",
    "folds-*/folds.csv": "m",
    "crops-*/crops.npy": "m",
    "m/fold0-seed777/weights.safetensors": "m/test_views.parquet",
    "m/fold0-seed777/oof.parquet": "scores.csv",
    "m/fold0-seed777/done.json": "",
    "m/oof_views.parquet": "../../submissions/odd.csv",
    "m/test_views.parquet": "../../submissions/odd.csv",
    ".scores.csv.made.json": "",
    "provenance.json": "m",
}


@pytest.mark.parametrize(
    "what", ["cut", *(pytest.param(w, marks=pytest.mark.slow) for w in ("empty", "gone"))]
)
@pytest.mark.parametrize("file", DAMAGED)
def test_a_damaged_file_is_named_and_what_is_said_to_help_helps(
    file: str, what: str, run: Path, words: list[str], call: Call
) -> None:
    wanted, home = (run / CSV).read_bytes(), run / "runs/odd"
    (path,) = home.glob(file)
    removed = home / DAMAGED[file]
    if removed.is_dir() and removed != home:
        shutil.rmtree(removed)
    elif DAMAGED[file]:
        removed.unlink()
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2] if what == "cut" else b"")
    if what == "gone":
        path.unlink()
    code, _, err = call("report" if "done.json" in file else "infer", *words)
    if code == 0:  # nothing was lost: it was made again, or nobody needed it
        assert what == "gone" or file.endswith("done.json")
    else:
        assert str(path) in err, err
        assert "Traceback" not in err
        assert "damaged" in err or "gone" in err
        told = re.search(r"or remove (.+?): the same command trains", err)
        lost = Path(told[1]) if told else path
        shutil.rmtree(lost) if lost.is_dir() else lost.unlink()
        code, _, err = call("infer", *words)
        assert code == 0, err
    assert (run / CSV).read_bytes() == wanted


def test_a_table_that_was_edited_after_it_was_read_is_not_passed_over(
    run: Path, words: list[str], call: Call
) -> None:
    table = run / "root/train.csv"
    before = table.read_bytes()
    frame = pd.read_csv(table)
    frame["label"] = 8 - frame["label"]
    frame.to_csv(table, index=False)
    code, _, err = call("infer", *words)
    assert code == 2
    assert f"{table} was changed after it was read into" in err
    removed = re.search(r"or remove (.+) to start over", err)[1]
    table.write_bytes(before)
    assert call("infer", *words)[0] == 0, "as it was read"
    frame.to_csv(table, index=False)
    for path in re.findall(rf"{re.escape(str(run))}\S+", removed):
        shutil.rmtree(path) if Path(path).is_dir() else Path(path).unlink()
    code, out, err = call("infer", *words)
    assert code == 0, err
    assert "index (needed first)" in out and "nothing to do" not in out


def test_an_index_of_other_images_than_the_faces_says_what_to_remove(
    run: Path, words: list[str], call: Call
) -> None:
    home, table = run / "runs/odd", run / "root/train.csv"
    shutil.copy(run / "root/images/p0-0.png", run / "root/images/new.png")
    table.write_text(table.read_text() + "new.png,new,3\n")
    own = (home / name for name in ("m", "config.yaml", "trained.yaml", "provenance.json"))
    for path in (*home.glob("images-*"), *own):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    code, _, err = call("train", *words)
    assert code == 2
    assert "1 ids are missing, the first is 'new.png'" in err
    told = re.search(r"what helps is to remove (.+) and what was trained", err)[1]
    for path in re.findall(rf"{re.escape(str(run))}\S+", told):
        shutil.rmtree(path)
    code, _, err = call("train", *words)
    assert code == 0, err


def test_another_experiment_of_the_contest_does_not_go_on_with_the_old_labels(
    run: Path, words: list[str], call: Call
) -> None:
    second = run / "configs/second.yaml"
    shutil.copy(words[1], second)
    assert call("infer", "-c", str(second))[0] == 0
    table = run / "root/train.csv"
    frame = pd.read_csv(table)
    frame["label"] = 8 - frame["label"]
    frame.to_csv(table, index=False)
    for path in (run / "runs/odd").iterdir():  # what the refused command says to remove, and more
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert call("infer", *words)[0] == 0
    code, _, err = call("infer", "-c", str(second))
    assert code == 2
    assert f"runs/second was trained before {table} was changed" in err
    shutil.rmtree(run / "runs/second")
    assert call("infer", "-c", str(second))[0] == 0


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["root=~nobodywhohasahome/x"], "competition.root was"),
        (["runs=TABLE"], "runs: TABLE is a file, needed is a folder"),
        (["submissions=TABLE/below"], "submissions: TABLE is a file, needed is a folder"),
        (["-c", "FOLDER"], "FOLDER is a folder; a config is a file in it"),
        (["members.m.seeds=[1]"], "members.m.seeds was [777], asked for is [1]"),
        (["members.n.epochs=1"], "no member 'n'"),
        (["runs=\0"], "not YAML: unacceptable character #x0000"),
    ],
)
def test_a_word_that_cannot_be_is_one_sentence(
    more: list[str], says: str, run: Path, words: list[str], call: Call
) -> None:
    table, folder = str(run / "root/train.csv"), str(run)
    more = [word.replace("TABLE", table).replace("FOLDER", folder) for word in more]
    code, _, err = call("infer", *([] if "-c" in more else words), *more)
    assert code == 2
    assert says.replace("TABLE", table).replace("FOLDER", folder) in err, err
    assert "Traceback" not in err


def test_folds_that_are_not_those_of_the_split_are_refused(
    run: Path, words: list[str], call: Call
) -> None:
    (path,) = (run / "runs/odd").glob("folds-*/folds.csv")
    frame = pd.read_csv(path, dtype=str)
    shutil.rmtree(run / "runs/odd/m")
    for edited, found in ((frame.assign(fold="0"), "[10, 0]"), (frame.iloc[:-1], "")):
        edited.to_csv(path, index=False)
        code, _, err = call("infer", *words)
        assert code == 2
        assert f"{path} was edited: its folds hold {found}" in err
        assert "[5, 5] when it was written" in err


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("checkpoint.safetensors", b"no tensors", "not a file this pipeline wrote"),
        ("checkpoint.safetensors", None, "no checkpoint: it has no history"),
        ("checkpoint.safetensors", "other", "its competition is 'other', but this experiment has"),
    ],
)
def test_what_a_cell_goes_on_from_is_looked_at(
    name: str, content: bytes | str | None, says: str, run: Path, words: list[str], call: Call
) -> None:
    folder = run / "runs/odd/m/fold0-seed777"
    weights = (folder / "weights.safetensors").read_bytes()
    (folder / "done.json").unlink()
    if isinstance(content, str):
        parts, facts = load_state(folder / "weights.safetensors")
        facts |= {"history": [], "scaler": {}, "competition": content}
        save_state(folder / name, parts, facts=facts)
    else:
        (folder / name).write_bytes(weights if content is None else content)
    code, _, err = call("train", *words)
    assert code == 2
    assert f"{name}: " in err and says in err, err
    (folder / name).unlink()
    assert call("infer", *words)[0] == 0
    assert (folder / "weights.safetensors").read_bytes() == weights
