"""plan: what is to do, how long it takes here, and how that compares with what then happened."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from pipeline.models.memory_estimate import measure_footprint
from tests.whole_runs import begin_at_training, run_words

Call = Callable[..., tuple[int, str, str]]


def test_plan_counts_what_is_left_and_train_says_how_it_compared(
    contest: Path, tmp_path: Path, plain: Path, call: Call
) -> None:
    begin_at_training(plain, tmp_path)
    words = run_words(contest, tmp_path)
    code, out, err = call("train", "infer", "--plan", *words, "price=2.5")
    assert code == 0, err
    assert re.search(r"crop +done", out)
    assert re.search(r"train +about [0-9.]+ min: 7 cells, 10 epochs", out)
    assert re.search(r"infer +about [0-9.]+ min: 3 members, 2 views", out)
    assert "1 at once on cpu" in out and "disk: " in out and "memory: about " in out
    assert "a rented GPU at 2.5 an hour" in out
    assert re.search(r"plan: baseline first, [0-9.]+ minutes: ./run.sh baseline -c sample", out)
    stored = json.loads((tmp_path / "runs/sample/plan.json").read_text())
    assert stored["jobs"]["age/refit-seed777"]["needs"] == [
        "age/fold0-seed777",
        "age/fold1-seed777",
    ]
    assert all(job["seconds"] > 0 for job in stored["jobs"].values())
    code, out, err = call("train", "infer", *words)
    assert code == 0, err
    assert re.search(r"train: planned [0-9.]+ min, took [0-9.]+", out)
    assert re.search(r"infer: planned [0-9.]+ min, took [0-9.]+", out)
    code, out, _ = call("plan", "train", "infer", *words)
    assert code == 0 and re.search(r"train +done", out) and "0.0 minutes in all" in out


def test_a_head_in_closed_form_is_planned_as_one_look_at_every_image(
    contest: Path, tmp_path: Path, plain: Path, call: Call
) -> None:
    begin_at_training(plain, tmp_path)
    code, _, err = call("plan", "train", *run_words(contest, tmp_path), "members.age.head=ridge")
    assert code == 0, err
    jobs = json.loads((tmp_path / "runs/sample/plan.json").read_text())["jobs"]
    (refit,) = (job["seconds"] for name, job in jobs.items() if name.startswith("age/refit"))
    assert refit == jobs["age/fold0-seed777"]["seconds"] > 0  # the look is shared, people are not


def test_a_cached_trunk_is_planned_with_its_disk(
    contest: Path, tmp_path: Path, plain: Path, call: Call
) -> None:
    begin_at_training(plain, tmp_path)
    flip = "members.age.augment=[{HorizontalFlip: {p: 0.5}}]"
    own = ["members.age.freeze=2", "members.age.trunk={variants: 3}", flip]
    code, out, err = call("plan", "train", *run_words(contest, tmp_path), *own)
    assert code == 0, err
    assert re.search(r"trunk of age: \d+ MB of disk for 3 variants of every image", out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("plan", "training"), "no stage 'training'"),
        (("plan", "train", "price=free"), "price=free must be a number above 0"),
    ],
)
def test_what_cannot_be_planned_is_an_error(words: tuple[str, ...], said: str, call: Call) -> None:
    code, _, err = call(*words)
    assert code == 2 and said in err


def test_a_footprint_is_what_the_layers_keep() -> None:
    """Counted by hand: a convolution keeps its input, a ReLU its output, both float32."""

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = torch.nn.Conv2d(3, 4, 1, bias=False)
            self.act = torch.nn.ReLU()
            self.last = torch.nn.Conv2d(4, 2, 1, bias=False)

        def forward(self, batch: torch.Tensor) -> torch.Tensor:
            return self.last(self.act(self.first(batch)))

    found = measure_footprint(Net(), image_size=8, precision="float32")
    pixels = 8 * 8 * 4  # bytes of one plane
    assert found.weights == found.learning == (3 * 4 + 4 * 2) * 4
    assert found.kept == 3 * pixels + 4 * pixels  # the batch, the ReLU's output for both its users
    assert found.passing == 8 * pixels  # the ReLU: four planes in, four out
    frozen = Net()
    frozen.first.weight.requires_grad_(False)
    found = measure_footprint(frozen, image_size=8, precision="float32")
    assert found.learning == 4 * 2 * 4 and found.kept == 4 * pixels
    step = found.training(batch_size=10, ema=True)
    assert step == 3 * 80 + 3 * 32 + 10 * (4 * pixels + 8 * pixels)
