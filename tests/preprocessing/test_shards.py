"""Who makes the shards of the crop stage changes no byte, and how many there are no crop."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.preprocessing import crop_images
from tests.conftest import tiny
from tests.whole_runs import digests


def test_many_shards_give_the_same_bytes_here_and_in_processes_beside(
    contest: Path, tmp_path: Path, call: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crop_images, "WORTH", 1)
    for name, size, parallel in (("one", 256, 1), ("here", 16, 1), ("beside", 16, 2)):
        monkeypatch.setattr(crop_images, "SHARD", size)
        words = tiny("sample", root=contest, folder=tmp_path / name)
        code, _, error = call("crop", *words, f"parallel={parallel}", "crop.faces=detect")
        assert code == 0, error
    one, here, beside = (digests(tmp_path / name) for name in ("one", "here", "beside"))
    assert here == beside
    # images that are detected together share sums: boxes move in their last digits, crops do not
    apart = [name for name in one if one[name] != here[name]]
    assert [Path(name).name for name in apart] in ([], ["faces.parquet"])
    for name in apart:
        found, other = (pd.read_parquet(tmp_path / part / name) for part in ("one", "here"))
        boxes = [table[["x1", "y1", "x2", "y2"]].to_numpy() for table in (found, other)]
        assert np.nanmax(np.abs(boxes[0] - boxes[1])) < 0.01
