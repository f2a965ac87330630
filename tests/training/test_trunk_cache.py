"""A cached trunk: what training without it gives, shared by cells, made again where it must be."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config import load_experiment
from pipeline.experiment.cells import member_cells
from pipeline.experiment.teaching_images import read_teaching
from pipeline.images.map_store import MapBatches, MapStore, variant_seeds
from pipeline.storage import PROJECT, Runs
from pipeline.training.cell_jobs import epoch_images, make_clocks
from tests.conftest import tiny

Call = Callable[..., tuple[int, str, str]]


def words_of(contest: Path, folder: Path, *more: str) -> list[str]:
    """One member of one task that freezes two stages, on two folds, two epochs."""
    words = tiny("sample", root=contest, folder=folder)
    own = ["backbone=test_resnet", "freeze=2", "epochs=2", "ema=0.9", "augment=[]", "dropout=0.2"]
    words += [f"members.age.{word}" for word in own]
    fitted = ["members.mask.head=ridge", "members.gender.head=ridge"]  # they cost little
    return [*words, *fitted, "folds.num=2", *more]


def oof_of(folder: Path) -> np.ndarray:
    tables = [
        pd.read_parquet(path) for path in sorted(folder.glob("runs/sample/age/*/oof.parquet"))
    ]
    columns = [name for name in tables[0] if name.startswith("age.")]
    return pd.concat(tables)[columns].to_numpy()


def test_without_augmentation_it_gives_what_training_without_it_gives(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    plain, cached = tmp_path / "plain", tmp_path / "cached"
    code, _, err = call("train", *words_of(contest, plain))
    assert code == 0, err
    exact = "members.age.trunk={variants: 3, precision: float32}"
    code, out, err = call("train", *words_of(contest, cached, exact))
    assert code == 0, err
    np.testing.assert_allclose(oof_of(cached), oof_of(plain), atol=1e-4)
    assert out.count("the frozen layers look at every image") == 1, "once for both folds"
    (folder,) = (cached / "runs/sample/cache").glob("trunk-*")
    assert {path.name[:9] for path in folder.glob("*.npy")} == {"variant0-"}


def test_variants_are_kept_and_another_augmentation_makes_them_anew(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    flip = "members.age.augment=[{HorizontalFlip: {p: 0.5}}]"
    words = words_of(
        contest, tmp_path, flip, "members.age.trunk={variants: 2}", "members.age.refit=true"
    )
    code, _, err = call("train", "infer", *words)
    assert code == 0, err
    (folder,) = (tmp_path / "runs/sample/cache").glob("trunk-*")
    maps = {path.name[:8]: np.load(path) for path in folder.glob("*-00000000.npy")}
    assert sorted(maps) == ["variant0", "variant1", "variant2"]
    assert maps["variant0"].dtype == np.float16
    assert not np.array_equal(maps["variant1"], maps["variant2"])
    answered = pd.read_parquet(tmp_path / "runs/sample/age/oof_views.parquet")
    answered = answered[answered["view"] == "identity"].sort_values(["fold", "image_id"])
    tables = [
        pd.read_parquet(p) for p in sorted(tmp_path.glob("runs/sample/age/fold*/oof.parquet"))
    ]
    trained = pd.concat(tables).sort_values(["fold", "image_id"])
    columns = [name for name in trained if name.startswith("age.")]
    np.testing.assert_allclose(trained[columns], answered[columns], atol=2e-2)  # float16 maps

    for cell in tmp_path.glob("runs/sample/age"):
        cell.rename(tmp_path / "before")
    for name in ("config.yaml", "trained.yaml"):
        (tmp_path / "runs/sample" / name).unlink()
    stronger = "members.age.augment=[{HorizontalFlip: {p: 0.9}}]"
    code, _, err = call("train", *words, stronger)
    assert code == 0, err
    assert len(list((tmp_path / "runs/sample/cache").glob("trunk-*"))) == 2


def test_the_time_that_is_left_counts_the_layers_behind_the_trunk(
    contest: Path, tmp_path: Path, call: Call
) -> None:
    """What an epoch no longer computes is what the trunk computes once."""
    words = words_of(contest, tmp_path)
    assert call("split", *words)[0] == 0
    clocks = []
    for more in ([], ["members.age.trunk={variants: 3}"]):
        settings = load_experiment("sample", [*words, *more][2:], configs=PROJECT / "configs")
        runs = Runs(settings)
        (cell, *_) = member_cells(settings, "age")
        labelled = read_teaching(settings, runs)
        looked = sum(epoch_images(settings, cell, labelled))
        clocks += make_clocks(settings, runs, [cell], labelled, precision="float32").values()
    plain, cached = clocks
    assert plain.shared == 0 and cached.shared > 0
    front = cached.shared / len(labelled)  # of one image, of which there is one variant
    assert plain.cost - cached.cost == pytest.approx(looked * front)


def test_what_cannot_be_cached_is_said() -> None:
    for words, says in (
        (["members.age.freeze=0"], "trunk: needs frozen layers; set freeze: 4"),
        (["members.age.mix={name: mixup}"], "trunk: goes without mix"),
    ):
        with pytest.raises(ValueError, match=says):
            load_experiment(
                "sample", ["members.age.trunk={variants: 2}", *words], configs=PROJECT / "configs"
            )


def test_a_sample_is_one_of_its_variants(tmp_path: Path) -> None:
    rows = tuple(range(0, 600, 2))
    store = MapStore(tmp_path, rows, num_variants=2, shape=(3,), dtype="float16")
    for part in store.parts():
        kept = np.array(store.rows_of(part), dtype=np.float16)
        np.save(part.path, np.stack([kept, np.full_like(kept, part.variant), 0 * kept], axis=1))
    assert store.num_bytes == 3 * 300 * 3 * 2
    targets = {"y": np.arange(4)}
    batches = MapBatches(
        store, [[(0, 5), (3, 4)], [(1, 0)]], rows=np.array([598, 0, 2, 4]), targets=targets
    )
    (first, y), (second, _) = batches
    assert first.tolist() == [[598.0, 2.0, 0.0], [4.0, 1.0, 0.0]]
    assert y["y"].tolist() == [0, 3]
    assert second.tolist() == [[0.0, 1.0, 0.0]]
    plain = MapBatches(store, [[(0, 5)]], rows=np.array([598]), targets={}, plain=True)
    assert next(iter(plain))[0].tolist() == [[598.0, 0.0, 0.0]]
    with pytest.raises(KeyError, match="not all are stored"):
        store.gather(np.array([1]), np.array([0]))
    assert variant_seeds([3, 4], 1) != variant_seeds([3, 4], 2)
    assert variant_seeds([3, 4], 1)[1] == variant_seeds([4], 1)[0]


def test_loose_frozen_parameters_are_part_of_what_a_trunk_is_made_from() -> None:
    import torch

    from pipeline.models.layers import freeze_layers
    from pipeline.models.pretrained import load_backbone
    from pipeline.models.trunk import find_cut
    from pipeline.training.trunk_cache import _digest

    body = load_backbone("test_vit", weights="none", image_size=32)
    freeze_layers(body, number=2, by="stage")
    cut = find_cut(body, image_size=32)
    before = _digest(body, cut)
    assert _digest(body, cut) == before
    with torch.no_grad():
        body.pos_embed.add_(1.0)  # the parameter of no module that runs before the cut
    assert _digest(body, cut) != before
