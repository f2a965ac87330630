"""The way of a batch on a GPU, followed without one.

torch's fake tensors know device, shape and type and hold no numbers: what mixes devices raises, and
so does what would have to wait for a number.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from pipeline.images import transform, views
from pipeline.images.dataset import CropDataset
from pipeline.images.gpu import loader as resident
from pipeline.images.gpu.batch_augment import BatchAugment
from pipeline.images.gpu.loader import ResidentBatches
from pipeline.images.mixup import Mixing, mix_batch
from pipeline.images.sampler import EpochSampler, in_order
from pipeline.images.transform import Transform, normalise
from pipeline.images.views import apply_view
from pipeline.labels.tasks import Task
from pipeline.models import losses
from pipeline.models.gradient import FiniteLossMonitor, total_loss
from pipeline.models.logits import predict_logits
from pipeline.models.losses import BinWeights, Criterion, head_shape
from pipeline.models.network import build_network

GPU, SIDE, NUM = torch.device("cuda", 1), 32, 20  # the second: none may go to the first
INPUT = Transform(SIDE, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
RECIPE = [
    {"HorizontalFlip": {}},
    {"Affine": {"rotate": [-9, 9], "border_mode": 1}},
    {"Perspective": {}},
    {"RandomGridShuffle": {"grid": [2, 2]}},
    {"RandomBrightnessContrast": {}},
    {"HueSaturationValue": {}},
    {"GaussNoise": {}},
]
MASK = Task("mask", "multiclass", "mask", classes=("worn", "wrong", "none"))
SMILE = Task("smile", "binary", "smile", classes=("no", "yes"))
AGE = Task("age", "regression", "age", low=0.0, high=9.0, group="old")
CRITERIA = [
    Criterion(MASK, {"cross_entropy": 1.0, "focal": 1.0}, class_weights=(1.0, 2.0, 3.0)),
    Criterion(MASK, "soft_f1"),
    Criterion(MASK, "arcface"),
    Criterion(SMILE, "bce", smoothing=0.1),
    Criterion(AGE, "huber", bin_weights=BinWeights((3.0, 6.0), (1.0, 2.0, 1.0))),
    Criterion(AGE, {"occlusion_gap": 1.0, "weighted_mse": 1.0}),
    Criterion(AGE, "ordinal"),
    Criterion(AGE, "distribution"),
]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTensorMode]:
    """A GPU without numbers; nothing of it is kept for who comes later."""
    monkeypatch.setattr(resident, "_send", lambda values, device: values.to(device))  # unpinned
    kept = (transform._constants, views._on_device, views._ends, losses.constant)
    for cache in kept:
        cache.cache_clear()
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        yield mode
    for cache in kept:
        cache.cache_clear()


def data_set(criterion: Criterion) -> CropDataset:
    rng, name = np.random.default_rng(0), criterion.task.name
    targets = rng.integers(3, size=NUM)
    if criterion.task.kind != "multiclass":
        targets = (targets / 2).astype(np.float32)
    both = {name: targets, f"{name}@group": rng.integers(2, size=NUM).astype(np.float32)}
    crops = np.zeros((NUM, SIDE, SIDE, 3), dtype=np.uint8)
    return CropDataset(crops, rows=np.arange(NUM), size=SIDE, targets=both)


def network_for(criterion: Criterion) -> torch.nn.Module:
    loss = criterion.loss if isinstance(criterion.loss, str) else next(iter(criterion.loss))
    shape = head_shape(criterion.task, loss=loss, bins=None, scale=30.0)
    heads = {criterion.task.name: shape}
    with GPU:  # a fake parameter can be made there, not moved there
        return build_network("test_resnet", weights="none", heads=heads, hidden=8, dropout=0.1)


def table() -> torch.Tensor:
    return torch.empty((NUM, SIDE, SIDE, 3), dtype=torch.uint8, device=GPU)


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda c: f"{c.task.name} {c.loss}")
def test_steps_mix_no_devices_and_wait_for_nothing(
    criterion: Criterion, fake: FakeTensorMode
) -> None:
    """Up to the loss: fake tensors have no gradients without a driver."""
    dataset, sampler = data_set(criterion), EpochSampler(NUM, batch_size=8, seed=1)
    batches = ResidentBatches(dataset, sampler, table=table(), augment=BatchAugment(RECIPE))
    within = criterion.task.name if criterion.task is MASK else None
    mixing, network = Mixing("cutmix", within=within), network_for(criterion)
    watch = FiniteLossMonitor(epoch=0, steps_per_epoch=len(batches), device=GPU)
    for number, (pixels, targets) in enumerate(batches):
        inputs = normalise(pixels, transform=INPUT)
        given = {"mixing": mixing, "num_classes": {"mask": 3}}
        inputs, targets = mix_batch(inputs, targets, (0, 0, number), **given)
        loss = total_loss(network(inputs), targets, criteria=(criterion,))
        assert loss.device == inputs.device == GPU
        watch.see(loss, lr=1.0)
    assert len(watch.rates) == len(batches) == 3
    with pytest.raises(DataDependentOutputException):  # so it would have been seen
        watch.look()


def test_answers_mix_no_devices_and_wait_for_nothing_before_their_end(
    fake: FakeTensorMode,
) -> None:
    criterion = CRITERIA[0]
    dataset, held = data_set(criterion), in_order(NUM, batch_size=8)
    names = ("identity", "flip", "rotate_5", "brightness_1.2")
    (found,) = predict_logits(
        [network_for(criterion)],
        ResidentBatches(dataset, held, table=table()),
        views={name: partial(apply_view, view=name, transform=INPUT) for name in names},
        to_input=partial(normalise, transform=INPUT),
        device=GPU,
        precision="float32",
    )
    for name in names:
        assert found[name]["mask"].shape == (NUM, 3)
        assert found[name]["mask"].device.type == "cpu"
