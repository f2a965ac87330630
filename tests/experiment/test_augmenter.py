"""augmenter: device, through the front door: it trains, stopped or not, and names what it lacks."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.conftest import tiny

ONE = ("folds.num=2", "folds.train=[0]", "augmenter=device", "members.mask.epochs=2")


def scores_of(folder: Path) -> list[float]:
    lines = (folder / "runs/sample/mask/fold0-seed777/history.jsonl").read_text().splitlines()
    return [json.loads(line)["train_loss"] for line in lines]


def test_it_trains_the_same_twice(call: Callable, contest: Path, tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        words = tiny("sample", root=contest, folder=tmp_path / name)
        code, _, error = call("crop", "train", *words, *ONE, "crop.faces=centre")
        assert code == 0, error
        found.append(scores_of(tmp_path / name))
    assert len(found[0]) == 2
    assert found[0] == found[1]


def test_a_transform_that_it_lacks_is_named_before_anything_starts(
    call: Callable, contest: Path, tmp_path: Path
) -> None:
    words = tiny("sample", root=contest, folder=tmp_path)
    code, _, error = call("train", *words, *ONE, "members.mask.augment=[{CoarseDropout: {p: 0.5}}]")
    assert code == 2
    assert "members.mask.augment" in error
    assert "CoarseDropout needs augmenter: albumentations" in error
