"""A full memory halves the batch with the same gradient; a lost loss is found and named."""

import numpy as np
import pytest
import torch
from torch import nn

from pipeline.labels.tasks import Task
from pipeline.models.gradient import (
    FiniteLossMonitor,
    NotFiniteError,
    add_gradients,
    add_gradients_that_fit,
)
from pipeline.models.logits import predict_logits
from pipeline.models.losses import Criterion

TASK = Task("mask", "multiclass", "mask", classes=("a", "b", "c"))
CPU = torch.device("cpu")


FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
FULL_IN_OTHER_WORDS = (
    RuntimeError("CUDA error: out of memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"),
)


class Narrow(nn.Module):
    """A real small network on a device whose memory holds so many images at once."""

    def __init__(self, most: int, *, norm: bool = False, says: Exception = FULL) -> None:
        super().__init__()
        torch.manual_seed(0)
        layers = [nn.Conv2d(3, 8, 3), *([nn.BatchNorm2d(8)] if norm else []), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))
        self.most, self.seen, self.says = most, [], says

    def forward(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        features = self.body[:2](batch)  # something is computed before the memory is full
        if len(batch) > self.most:
            raise self.says
        self.seen.append(len(batch))
        return {"mask": self.body[2:](features)}


def batch(number: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    rng = np.random.default_rng(number)
    pixels = torch.from_numpy(rng.normal(size=(number, 3, 8, 8)).astype(np.float32))
    return pixels, {"mask": torch.from_numpy(rng.integers(3, size=number))}


def how(**more: object) -> dict:
    criteria = (Criterion(TASK, "cross_entropy", class_weights=(1.0, 2.0, 0.5)),)
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    return {"criteria": criteria, "scaler": scaler, "precision": "float32"} | more


def gradient(network: nn.Module) -> torch.Tensor:
    return torch.cat([p.grad.ravel() for p in network.parameters()])


@pytest.mark.parametrize("number", [16, 13])
def test_the_gradient_in_pieces_is_that_of_the_whole_batch(number: int) -> None:
    whole, narrow, told = Narrow(99), Narrow(5), []
    inputs, targets = batch(number)
    wanted = add_gradients(whole, inputs, targets, num_micro_batches=1, **how())
    optimiser = torch.optim.SGD(narrow.parameters(), lr=1.0)
    loss, num_micro_batches = add_gradients_that_fit(
        narrow,
        inputs,
        targets,
        optimiser=optimiser,
        num_micro_batches=1,
        on_split=told.append,
        **how(),
    )
    assert (num_micro_batches, told) == (4, [2, 4])
    assert sum(narrow.seen) == number, "what the failed attempts had computed is gone"
    torch.testing.assert_close(loss, wanted)
    torch.testing.assert_close(gradient(narrow), gradient(whole), rtol=1e-5, atol=1e-7)


def test_weights_of_a_batch_in_pieces_are_those_of_the_whole_batch() -> None:
    """Many images without occlusion come together: a piece alone has another mean weight."""
    criterion = Criterion(Task("mask", "regression", "mask", low=0.0, high=1.0), "weighted_mse")
    inputs, _ = batch(12)
    targets = {"mask": torch.tensor([0.0] * 8 + [0.3, 0.5, 0.8, 1.0])}
    whole, pieces = Narrow(99), Narrow(99)
    options = how(criteria=(criterion,))
    wanted = add_gradients(whole, inputs, targets, num_micro_batches=1, **options)
    found = add_gradients(pieces, inputs, targets, num_micro_batches=3, **options)
    torch.testing.assert_close(found, wanted)
    torch.testing.assert_close(gradient(pieces), gradient(whole), rtol=1e-5, atol=1e-7)


def test_batchnorm_sees_each_piece_alone_and_never_a_single_image() -> None:
    network = Narrow(99, norm=True)
    inputs, targets = batch(7)
    add_gradients(network, inputs, targets, num_micro_batches=16, **how())
    assert network.seen == [3, 2, 2]
    whole = Narrow(99, norm=True)
    add_gradients(whole, inputs, targets, num_micro_batches=1, **how())
    assert not torch.allclose(gradient(network), gradient(whole)), "this is what the note says"


def test_a_memory_that_holds_nothing_is_said_as_it_is() -> None:
    network, told = Narrow(0), []
    inputs, targets = batch(8)
    with pytest.raises(torch.OutOfMemoryError, match="Tried to allocate"):
        add_gradients_that_fit(
            network,
            inputs,
            targets,
            optimiser=torch.optim.SGD(network.parameters(), lr=1.0),
            num_micro_batches=1,
            on_split=told.append,
            **how(),
        )
    assert told == [2, 4]


def test_answers_in_pieces_are_those_of_the_whole_batch() -> None:
    batches = [(batch(number)[0], {}) for number in (9, 9, 4)]
    given = {"views": {"identity": lambda x: x}, "to_input": lambda x: x, "device": CPU}
    given["precision"] = "float32"
    (wanted,) = predict_logits([Narrow(99, norm=True)], batches, **given)
    narrow = Narrow(2, norm=True)
    (found,) = predict_logits([narrow], batches, **given)
    torch.testing.assert_close(found["identity"]["mask"], wanted["identity"]["mask"])
    assert max(narrow.seen) == 2
    with pytest.raises(torch.OutOfMemoryError):
        predict_logits([Narrow(0)], batches, **given)


@pytest.mark.parametrize("says", FULL_IN_OTHER_WORDS, ids=str)
def test_libraries_say_in_other_words_that_the_memory_is_full(says: RuntimeError) -> None:
    (inputs, targets), told = batch(8), []
    network = Narrow(4, says=says)
    optimiser = torch.optim.SGD(network.parameters(), lr=1.0)
    given = {"optimiser": optimiser, "num_micro_batches": 1, "on_split": told.append, **how()}
    add_gradients_that_fit(network, inputs, targets, **given)
    assert told == [2]
    given = {"views": {"identity": lambda x: x}, "to_input": lambda x: x, "device": CPU}
    (found,) = predict_logits([network], [(inputs, {})], precision="float32", **given)
    assert len(found["identity"]["mask"]) == 8


def test_another_error_of_a_step_or_an_answer_goes_through() -> None:
    network, (inputs, targets) = Narrow(0, says=RuntimeError("device-side assert")), batch(8)
    optimiser = torch.optim.SGD(network.parameters(), lr=1.0)
    given = {"optimiser": optimiser, "num_micro_batches": 1, "on_split": print, **how()}
    with pytest.raises(RuntimeError, match="device-side assert"):
        add_gradients_that_fit(network, inputs, targets, **given)
    given = {"views": {"identity": lambda x: x}, "to_input": lambda x: x, "device": CPU}
    with pytest.raises(RuntimeError, match="device-side assert"):
        predict_logits([network], [(inputs, {})], precision="float32", **given)


def test_the_first_lost_loss_is_named_with_its_step_and_rate() -> None:
    watch = FiniteLossMonitor(epoch=2, steps_per_epoch=100, device=CPU)
    for step in range(49):
        watch.see(torch.tensor(np.nan if step in (7, 9) else 1.0), lr=0.1 * (step + 1))
    with pytest.raises(NotFiniteError) as caught:  # at the latest after 50 steps
        watch.see(torch.tensor(1.0), lr=9.0)
    said = str(caught.value)
    assert "at step 208 (epoch 3, batch 8) at learning rate 0.8" in said
    assert "clip_norm" in said


def test_finite_losses_pass() -> None:
    watch = FiniteLossMonitor(epoch=0, steps_per_epoch=3, device=CPU)
    for _ in range(3):
        watch.see(torch.tensor(3e38), lr=1.0)
    watch.look()
