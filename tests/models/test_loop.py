from contextlib import nullcontext
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from timm.utils import ModelEmaV3
from torch.overrides import TorchFunctionMode

from pipeline.images.dataset import CropDataset, make_loader
from pipeline.images.mixup import Mixing, mix_batch
from pipeline.images.sampler import EpochSampler, balanced_chances, in_order
from pipeline.labels.tasks import Task
from pipeline.models import loop
from pipeline.models.checkpoint import load_state, optimiser_tensors, restore_optimiser, save_state
from pipeline.models.heads import HeadShape
from pipeline.models.layers import freeze_layers
from pipeline.models.loop import HeldOut, LoopSettings, Score, State, train_epochs
from pipeline.models.losses import Criterion
from pipeline.models.network import build_network, freeze_batchnorm
from pipeline.models.optimiser import build_optimiser
from pipeline.models.schedule import Schedule

TASK = Task("side", "multiclass", "side", classes=("left", "right"))
CPU = torch.device("cpu")


def crops_of_two_sides() -> tuple[np.ndarray, np.ndarray]:
    """Noise with a bright left or right half, and which half it is."""
    rng = np.random.default_rng(0)
    sides = rng.integers(2, size=48)
    crops = rng.integers(60, size=(48, 32, 32, 3), dtype=np.uint8)
    for crop, side in zip(crops, sides, strict=True):
        crop[:, 16 * side : 16 * side + 16] += 120
    return crops, sides


def fresh_state() -> State:
    torch.manual_seed(0)
    heads = {"side": HeadShape(2)}
    network = build_network("test_resnet", weights="none", heads=heads, hidden=8, dropout=0.1)
    optimiser = build_optimiser(
        network,
        name="adamw",
        lr=3e-3,
        backbone_lr=1.0,
        weight_decay=0.01,
        momentum=0.9,
        fused=False,
    )
    ema = ModelEmaV3(network, decay=0.9, use_warmup=True)
    return State(network, optimiser, ema, torch.amp.GradScaler("cpu", enabled=False))


def share_right(logits: dict[str, torch.Tensor]) -> dict[str, float]:
    _, sides = crops_of_two_sides()
    return {"score": float((logits["side"].argmax(1).numpy() == sides).mean())}


def go_on(
    state: State,
    *,
    num_epochs: int,
    recipe_epochs: int = 6,
    mixed: float = 0.0,
    score: Score = share_right,
) -> list[dict]:
    """Trains up to `num_epochs` epochs of a recipe of `recipe_epochs`, a share of batches mixed."""
    crops, sides = crops_of_two_sides()
    rows, targets = np.arange(48), {"side": sides}
    settings = LoopSettings(
        (Criterion(TASK, "cross_entropy"),), Schedule("cosine"), recipe_epochs, seed=7
    )
    epochs = train_epochs(
        state,
        settings=settings,
        loader=make_loader(
            CropDataset(crops, rows=rows, size=32, targets=targets),
            EpochSampler(48, batch_size=16, seed=7, chances=balanced_chances(sides), repeats=2),
            workers=0,
            pin=False,
        ),
        held_out=HeldOut(
            make_loader(
                CropDataset(crops, rows=rows, size=32, targets={}),
                in_order(48, batch_size=48),
                workers=0,
                pin=False,
            ),
            {"side": torch.from_numpy(sides)},
            score,
        ),
        to_input=lambda pixels: pixels.permute(0, 3, 1, 2).float() / 255.0,
        device=CPU,
        mix=partial(mix_batch, mixing=Mixing("mixup", p=mixed), num_classes={"side": 2}),
    )
    history = []
    while len(state.history) < num_epochs:
        history.append(next(epochs))
    return history


@pytest.mark.parametrize("accumulate", [2, 4])
def test_pieces_of_a_batch_take_the_step_of_the_whole(accumulate: int) -> None:
    crops, sides = crops_of_two_sides()
    trained = []
    for pieces in (1, accumulate):
        torch.manual_seed(0)
        network = build_network("test_resnet", weights="none", heads={"side": HeadShape(2)})
        optimiser = build_optimiser(
            network,
            name="sgd",
            lr=0.05,
            backbone_lr=1.0,
            weight_decay=0.0,
            momentum=0.9,
            fused=False,
        )
        state = State(network, optimiser, None, torch.amp.GradScaler("cpu", enabled=False))
        criteria = (Criterion(TASK, "cross_entropy"),)
        settings = LoopSettings(
            criteria, Schedule(), 1, seed=7, frozen_norm=True, accumulate=pieces
        )
        loader = make_loader(
            CropDataset(crops, rows=np.arange(48), size=32, targets={"side": sides}),
            EpochSampler(48, batch_size=16, seed=7),
            workers=0,
            pin=False,
        )
        list(
            train_epochs(
                state,
                settings=settings,
                loader=loader,
                held_out=None,
                to_input=lambda pixels: pixels.permute(0, 3, 1, 2).float() / 255.0,
                device=CPU,
            )
        )
        assert state.num_micro_batches == pieces
        trained.append(state.network.state_dict())
    whole, in_pieces = trained
    for name, value in whole.items():
        torch.testing.assert_close(in_pieces[name], value, rtol=1e-4, atol=1e-5)


def test_a_network_learns_and_its_best_epoch_is_kept() -> None:
    state = fresh_state()
    history = go_on(state, num_epochs=15, recipe_epochs=15)
    assert history[-1]["train_loss"] < 0.5 * history[0]["train_loss"]
    assert max(state.scores) == 1.0
    best = state.scores.index(1.0)
    found = (state.best_logits["side"].argmax(1).numpy() == crops_of_two_sides()[1]).mean()
    assert found == state.scores[best]


def test_where_the_metric_is_undefined_the_held_out_loss_decides() -> None:
    state = fresh_state()
    go_on(state, num_epochs=4, score=lambda logits: {"score": float("nan")})
    assert state.scores == [-row["held_out_loss"] for row in state.history]
    assert state.scores.index(max(state.scores)) > 0, "it needs an epoch better than the first"
    best = max(state.scores)
    found = torch.nn.functional.cross_entropy(
        state.best_logits["side"], torch.from_numpy(crops_of_two_sides()[1])
    )
    assert found.item() == pytest.approx(-best, rel=1e-5)


def test_going_on_from_a_checkpoint_takes_the_same_steps(tmp_path: Path) -> None:
    whole = fresh_state()
    go_on(whole, num_epochs=6, mixed=0.7)
    first = fresh_state()
    go_on(first, num_epochs=2, mixed=0.7)
    parts = {
        "network": first.network.state_dict(),
        "ema": first.ema.module.state_dict(),
        "optimiser": optimiser_tensors(first.optimiser),
    }
    save_state(tmp_path / "c.safetensors", parts, facts={"history": first.history})

    second = fresh_state()
    parts, facts = load_state(tmp_path / "c.safetensors")
    second.network.load_state_dict(parts["network"])
    second.ema.module.load_state_dict(parts["ema"])
    restore_optimiser(second.optimiser, parts["optimiser"])
    second.history = facts["history"]
    go_on(second, num_epochs=6, mixed=0.7)
    for name, value in whole.ema.module.state_dict().items():
        assert torch.equal(value, second.ema.module.state_dict()[name]), name


def test_kernels_are_tried_only_in_a_training_that_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six epochs of six batches are 36 steps, and 30 once an epoch is done."""
    asked: list[bool] = []
    seen = lambda device, often: asked.append(often) or nullcontext()  # noqa: E731
    monkeypatch.setattr(loop, "cudnn_benchmark", seen)
    for worth, wanted in ((36, True), (37, False)):
        monkeypatch.setattr(loop, "WORTH_LEARNING", worth)
        state = fresh_state()
        go_on(state, num_epochs=1)
        assert asked == [wanted] * 6
        asked.clear()
        go_on(state, num_epochs=2)
        assert asked == [False] * 6
        asked.clear()


def test_frozen_norms_keep_their_statistics() -> None:
    network = fresh_state().network.train()
    freeze_batchnorm(network.backbone, every=True)
    before = {k: v.clone() for k, v in network.backbone.state_dict().items() if "running" in k}
    network(torch.randn(4, 3, 32, 32))
    after = network.backbone.state_dict()
    assert before
    assert network.neck[1].running_mean.any()  # it has no pretrained statistics to keep
    assert all(torch.equal(value, after[key]) for key, value in before.items())


def test_frozen_groups_do_not_move_and_the_others_do() -> None:
    state = fresh_state()
    freeze_layers(state.network.backbone, number=2)  # the stem and the first of four stages
    before = {key: value.clone() for key, value in state.network.state_dict().items()}
    go_on(state, num_epochs=1)
    moved = {k for k, v in state.network.state_dict().items() if not torch.equal(v, before[k])}
    held = {
        k for k in before if k.startswith(("backbone.conv1", "backbone.bn1", "backbone.layer1"))
    }
    assert held
    assert not held & moved
    assert {"backbone.layer2.0.conv1.weight", "heads.side.weight"} <= moved
    with pytest.raises(ValueError, match="9 of 5 layer groups"):
        freeze_layers(state.network.backbone, number=9)


def test_weight_decay_leaves_out_biases_and_norms() -> None:
    state = fresh_state()
    for group in state.optimiser.param_groups:
        one_dimensional = {parameter.ndim <= 1 for parameter in group["params"]}
        assert len(one_dimensional) == 1
        assert (group["weight_decay"] == 0.0) is one_dimensional.pop()
    counted = sum(len(group["params"]) for group in state.optimiser.param_groups)
    assert counted == len(list(state.network.parameters()))


@pytest.mark.parametrize("layer_decay", [1.0, 0.8])
def test_weight_decay_leaves_out_what_timm_names(layer_decay: float) -> None:
    network = build_network("test_vit", weights="none", heads={"side": HeadShape(2)})
    optimiser = build_optimiser(
        network,
        name="adamw",
        lr=1e-3,
        backbone_lr=1.0,
        weight_decay=0.05,
        momentum=0.9,
        fused=False,
        layer_decay=layer_decay,
    )
    decays = {id(p): g["weight_decay"] for g in optimiser.param_groups for p in g["params"]}
    named = dict(network.named_parameters())
    assert len(decays) == len(named)
    spared = {name for name, p in named.items() if p.ndim > 1 and decays[id(p)] == 0.0}
    assert spared == {"backbone.cls_token", "backbone.pos_embed"}


class Copies(TorchFunctionMode):
    """Notes of every copy whether it was to be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[bool] = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if "non_blocking" in (kwargs or {}):
            self.waited.append(not kwargs["non_blocking"])
        return func(*args, **(kwargs or {}))


def test_only_a_gpu_of_cuda_is_not_waited_for() -> None:
    """MPS would read the host's memory when something else is there already."""
    with Copies() as copies:
        go_on(fresh_state(), num_epochs=1, mixed=1.0)
    assert len(copies.waited) > 10
    assert all(copies.waited)
