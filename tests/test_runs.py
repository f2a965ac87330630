import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from pipeline.storage import (
    atomic_write,
    is_fresh,
    provenance,
    read_table,
    stamp,
    unstamp,
    write_table,
    write_text,
)


def test_a_file_gets_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep/a.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError), atomic_write(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_left_overs_of_the_dead_are_removed_and_of_the_living_kept(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    path = tmp_path / "a.txt"
    (tmp_path / f".a.txt.{dead.pid}.tmp.txt").write_text("half")
    (tmp_path / f".a.txt.{os.getppid()}.tmp.txt").write_text("being written")
    write_text(path, "new")
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"a.txt", f".a.txt.{os.getppid()}.tmp.txt"}


def test_ids_stay_text_in_both_formats(tmp_path: Path) -> None:
    frame = pd.DataFrame({"image_id": ["007", "NA"], "person_id": ["1", "2"], "fold": [0, 1]})
    for name in ("a.csv", "a.parquet"):
        write_table(tmp_path / name, frame)
        assert read_table(tmp_path / name).to_dict("list") == frame.to_dict("list")


def test_a_mark_belongs_to_one_recipe_and_an_artefact_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    stamp(path, ["a"])
    assert not is_fresh(path, ["a"])
    write_text(path, "x")
    assert is_fresh(path, ["a"])
    assert not is_fresh(path, ["b"])
    unstamp(path)
    assert path.exists() and not is_fresh(path, ["a"])
    assert [file.name for file in tmp_path.iterdir() if file.name[0] != "."] == ["scores.csv"]


def test_provenance_names_versions_and_code() -> None:
    facts = provenance(["./run.sh", "train"], device="cpu float32")
    assert facts["packages"]["torch"]
    assert facts["python"] == sys.version.split()[0]
    assert facts["command"] == ["./run.sh", "train"]
