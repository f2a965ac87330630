"""Other data that teaches and is never scored: two drawn roots, one of them the contest's."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pipeline.config import load_experiment
from pipeline.experiment.images_table import EXTRA, held_out
from pipeline.experiment.targets import training_targets
from pipeline.experiment.tasks import member_tasks
from pipeline.experiment.teaching_images import is_taught, read_teaching
from pipeline.storage import PROJECT, Runs

Call = Callable[..., tuple[int, str, str]]
NUM = 24

CONFIG = """
competition:
  layout: table
  root: {folder}/root
  table: {{images: images, id: file, person: person, test: test.csv}}
  tasks:
    kind: {{kind: multiclass, classes: [a, b]}}
    size: {{kind: regression, low: 0, high: 10, scale: 10, metric: mae}}
  answer: {{tasks: [kind, size], combine: columns}}
  submission: {{id: file, value: label}}
  extra: {extra}
crop: {{faces: given, size: 16}}
folds: {{num: 2, balance: [kind]}}
bootstrap: 100
device: cpu
parallel: 1
runs: {folder}/runs
submissions: {folder}/submissions
defaults: {{backbone: small_cnn, weights: none, image_size: 16, epochs: 1, batch_size: 8}}
members:
  both: {{tasks: {{kind: {{}}, size: {{}}}}}}
  sizes: {{tasks: {{size: {{}}}}}}
"""
EXTRA_ROOT = (
    "[{{root: {folder}/more, layout: table, table: {{id: name, person: who}}, "
    "tasks: {{kind: {{column: sort, values: {{first: a, second: b}}}}}}}}]"
)


def draw(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(255, size=(20, 20, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def make(folder: Path, extra: str = EXTRA_ROOT) -> list[str]:
    """Words for a contest of 12 people and for other data of 6, of whom p0 and p1 are in both."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(NUM + 2):
        draw(folder / f"root/images/{number}.png", number)
        row = {"file": f"{number}.png", "person": f"p{number // 2}"}
        rows.append({**row, "kind": "ab"[number % 2], "size": float(rng.integers(10))})
    table = pd.DataFrame(rows)
    table[:NUM].to_csv(folder / "root/train.csv", index=False)
    table[NUM:][["file", "person"]].to_csv(folder / "root/test.csv", index=False)
    more = []
    for number in range(6):
        draw(folder / f"more/{number}.png", 100 + number)
        who = f"p{number}" if number < 2 else ""
        more.append({"name": f"{number}.png", "who": who, "sort": ("first", "second")[number % 2]})
    frame = pd.DataFrame(more).assign(size=5)  # a column of that name, but no task of this data
    frame.to_csv(folder / "more/train.csv", index=False)
    config = folder / "extra.yaml"
    config.write_text(CONFIG.format(folder=folder, extra=extra.format(folder=folder)))
    return ["-c", str(config)]


def test_other_data_teaches_and_is_never_scored(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path)
    code, out, err = call("evaluate", "infer", "ensemble", *words)
    assert code == 0, err
    assert "6 of 6 images teach and are never scored; labels: 6 kind; 4 do not name" in out
    assert "2 of its people are the contest's" in out
    assert "4 do not name their person" in out and "none seen in training" not in out
    assert "4 images of other data (extra) teach without naming their person" in out
    settings = load_experiment(words[1], [], configs=PROJECT / "configs")
    runs = Runs(settings)

    folds = pd.read_csv(runs.folds)
    assert len(folds) == NUM and not folds["image_id"].str.startswith("extra:").any()
    oof = pd.concat(pd.read_parquet(path) for path in runs.experiment.glob("both/*/oof.parquet"))
    assert set(oof["image_id"]) == set(folds["image_id"])
    scores = pd.read_csv(runs.scores)
    assert scores["num_images"].max() == NUM
    assert len(pd.read_csv(runs.submission)) == 2

    images = read_teaching(settings, runs)
    extra = images[images["part"] == EXTRA]
    assert len(images) == NUM + 6 and list(extra["kind"]) == ["a", "b"] * 3
    member = settings.members["both"]
    for fold in range(2):
        taught = images[is_taught(settings, "both", images, fold=fold)]
        away = images[held_out(settings, images, fold)]
        assert not set(taught["person_id"]) & set(away["person_id"])
        shared = {"p0", "p1"} - set(away["person_id"])
        assert (taught["part"] == EXTRA).sum() == 4 + len(shared)
        targets = training_targets(member, member_tasks(settings, member), taught)
        is_extra = (taught["part"] == EXTRA).to_numpy()
        assert np.isnan(targets["size"][is_extra]).all(), "its size is no label of this contest"
        assert (targets["kind"][is_extra] >= 0).all()
        # a member without a task of the other data sees none of it
        assert (images[is_taught(settings, "sizes", images, fold=fold)]["part"] == "train").all()


def test_copies_under_other_names_do_not_teach_who_is_held_out(tmp_path: Path, call: Call) -> None:
    words = make(tmp_path)
    root, more = tmp_path / "root/images", tmp_path / "more"
    shutil.copy(root / "9.png", more / "3.png")  # of p4, under nobody's name
    with Image.open(root / "14.png") as image:  # of p7: other bytes, nearly the same image
        image.save(more / "4.png", compress_level=0)
    shutil.copy(root / f"{NUM}.png", more / "5.png")  # of a test image
    code, out, err = call("split", *words)
    assert code == 0, err
    assert "3 images of the extra data are copies" in out
    assert "1 of them show a test image" in out
    settings = load_experiment(words[1], [], configs=PROJECT / "configs")
    images = read_teaching(settings, Runs(settings))
    extra = images[images["part"] == EXTRA].set_index("image_id")["person_id"]
    assert "extra:0/5.png" not in extra.index
    assert (extra["extra:0/3.png"], extra["extra:0/4.png"]) == ("p4", "p7")
    for fold in range(2):
        taught = images[is_taught(settings, "both", images, fold=fold)]
        away = images[held_out(settings, images, fold)]
        assert not set(taught["person_id"]) & set(away["person_id"])


def test_the_trained_batches_hold_the_other_data(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.images.dataset import CropDataset

    seen: list[str] = []
    make_dataset = CropDataset.__init__

    def keep(self: CropDataset, *given: object, **named: object) -> None:
        if named.get("targets"):
            seen.extend(named["names"])
        make_dataset(self, *given, **named)

    monkeypatch.setattr(CropDataset, "__init__", keep)
    code, _, err = call("train", *make(tmp_path))
    assert code == 0, err
    assert {f"extra:0/{number}.png" for number in range(6)} <= set(seen)


def test_folds_and_answers_are_those_of_the_contest_alone(tmp_path: Path, call: Call) -> None:
    with_extra, without = tmp_path / "with", tmp_path / "without"
    assert call("split", *make(with_extra))[0] == 0
    assert call("split", *make(without, "[]"))[0] == 0
    (one,) = with_extra.glob("runs/extra/folds-*/folds.csv")
    (two,) = without.glob("runs/extra/folds-*/folds.csv")
    assert one.read_bytes() == two.read_bytes()


def test_without_other_data_nothing_is_written_of_it(tmp_path: Path) -> None:
    words = make(tmp_path, "[]")
    settings = load_experiment(words[1], [], configs=PROJECT / "configs")
    assert "extra" not in settings.competition.model_dump(mode="json")


SAID = {
    "[{{root: {folder}/none, layout: folders, tasks: [kind]}}]": "no folder",
    "[{{root: {folder}/more, layout: utkface, tasks: [kinds]}}]": "did you mean 'kind'?",
    "[{{root: {folder}/more, layout: utkface, tasks: [kind]}}]": "layout utkface has no 'kind'",
    "[{{root: {folder}/more, layout: folders}}]": "layout folders has one label an image",
    "[{{root: {folder}/more, layout: table, table: {{id: name}}, "
    "tasks: {{kind: {{column: sorte}}}}}}]": "'sorte'",
    "[{{root: {folder}/more, layout: table, table: {{id: name}}, "
    "tasks: {{kind: {{column: sort}}}}}}]": "`values:` of its task",
    "[{{root: {folder}/root, layout: table, table: {{images: images, id: file}}}}]": (
        "are the contest's own"
    ),
}


@pytest.mark.parametrize("extra", SAID)
def test_what_cannot_be_is_one_sentence(tmp_path: Path, call: Call, extra: str) -> None:
    code, _, err = call("index", *make(tmp_path, extra))
    assert code == 2 and "Traceback" not in err
    assert "extra" in err and SAID[extra] in " ".join(err.split())
