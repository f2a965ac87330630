"""Repeats of the folds with other seeds: more splits, one OOF."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]


def test_a_second_split_holds_out_other_people_and_joins_the_oof(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    words = [*tiny("sample", root=contest, folder=tmp_path), "folds.num=2", "folds.repeats=2"]
    words.append("tta=[identity]")
    code, out, err = call("train", *words)
    assert code == 0, err
    assert "split 2: " in out
    (path,) = tmp_path.glob("runs/sample/folds-*/folds.csv")
    folds = pd.read_csv(path, dtype=str)
    assert not folds["fold"].equals(folds["fold_1"]), "another seed, another split"
    for column in ("fold", "fold_1"):
        assert (folds.groupby("person_id")[column].nunique() == 1).all()
    cells = {f: tmp_path / f"runs/sample/mask/fold{f}-seed777" for f in range(4)}
    for fold, cell in cells.items():
        column, place = ("fold", "fold_1")[fold // 2], str(fold % 2)
        held = set(folds.loc[folds[column] == place, "image_id"])
        assert set(pd.read_parquet(cell / "oof.parquet")["image_id"]) == held
    every = pd.concat([pd.read_parquet(cell / "oof.parquet") for cell in cells.values()])
    means = every.groupby("image_id")["mask.none"].mean()
    code, _, err = call("infer", *words)
    assert code == 0, err
    stored = pd.read_parquet(tmp_path / "runs/sample/mask/oof_views.parquet")
    assert (stored.groupby("image_id").size() == 2).all(), "one from each split"
    seen = stored.groupby("image_id")["mask.none"].mean()
    np.testing.assert_allclose(seen, means.loc[seen.index], atol=1e-5)
