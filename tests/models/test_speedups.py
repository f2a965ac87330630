import copy
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
import torch
from torch import nn
from torch._dynamo.utils import counters

from pipeline.models import logits
from pipeline.models.fuse_batchnorm import fuse_batchnorm
from pipeline.models.heads import HeadShape
from pipeline.models.logits import autocast, predict_logits
from pipeline.models.network import build_network
from pipeline.models.speedups import check_compiler, compiled, cudnn_benchmark, round_convolutions

CPU = torch.device("cpu")


def network_of(backbone: str) -> nn.Module:
    torch.manual_seed(0)
    network = build_network(backbone, weights="none", heads={"mask": HeadShape(3)})
    for module in network.modules():  # norms that have seen something
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    return network.eval().to(memory_format=torch.channels_last)


def answers(network: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    with torch.inference_mode(), autocast(CPU, precision="bfloat16"):
        return network(batch)["mask"]


@pytest.mark.parametrize("backbone", ["test_resnet", "test_efficientnet"])
def test_rounded_once_or_for_every_batch_the_same_bits(backbone: str) -> None:
    batch = torch.randn(4, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    for network in (network_of(backbone), fuse_batchnorm(network_of(backbone), size=32)):
        wanted = answers(network, batch)
        round_convolutions(network, precision="bfloat16")
        kinds = {m.weight.dtype for m in network.modules() if type(m) is nn.Conv2d}
        assert kinds == {torch.bfloat16}
        assert torch.equal(answers(network, batch), wanted)
    plain = network_of(backbone)
    round_convolutions(plain, precision="float32")
    assert {p.dtype for p in plain.parameters()} == {torch.float32}


@pytest.mark.parametrize("backbone", ["test_resnet", "test_efficientnet"])
def test_folded_in_bfloat16_is_no_further_from_float32_than_bfloat16_goes(backbone: str) -> None:
    """A bound for any network; of trained ones folding.py says that they come nearer."""
    batch = torch.randn(64, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    network = network_of(backbone)
    with torch.inference_mode():
        exact = network(batch)["mask"]
    plain, folded = answers(network, batch), answers(fuse_batchnorm(network, size=32), batch)
    assert (folded - exact).abs().mean() <= 3.0 * (plain - exact).abs().mean()
    assert (folded - exact).abs().max() <= 2.0**-6 * exact.abs().max()  # bfloat16: 2^-8 a step


def test_kernels_are_tried_on_a_gpu_and_where_their_shape_comes_often() -> None:
    before = torch.backends.cudnn.benchmark
    for device, often, wanted in (
        ("cuda", True, True),
        ("cuda", False, False),
        ("cpu", True, False),
    ):
        with cudnn_benchmark(torch.device(device), often=often):
            assert torch.backends.cudnn.benchmark is wanted
        assert torch.backends.cudnn.benchmark is before


@pytest.mark.parametrize(("passes", "tried"), [(24, [True, True, False]), (25, [False] * 3)])
def test_answers_try_kernels_where_enough_passes_of_one_shape_come(
    passes: int, tried: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three batches, two views and four networks are 24 passes; the last batch is an odd one."""
    asked: list[bool] = []

    @contextmanager
    def seen(device: torch.device, *, often: bool) -> Iterator[None]:
        asked.append(often)
        yield

    monkeypatch.setattr(logits, "cudnn_benchmark", seen)
    monkeypatch.setattr(logits, "WORTH_ANSWERING", passes)
    views = {name: lambda x: x for name in ("identity", "flip")}
    given = {"to_input": lambda x: x, "device": CPU, "precision": "float32"}
    batches = [(torch.zeros(number, 3, 8, 8), {}) for number in (2, 2, 1)]
    predict_logits([Same() for _ in range(4)], batches, views=views, **given)
    assert asked == [one for one in tried for _ in views]


def test_a_missing_compiler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(ValueError, match="needs a C\\+\\+ compiler"):
        check_compiler("cpu")


class Same(nn.Module):
    def forward(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"mask": batch.mean(dim=(2, 3))}


class Small(nn.Module):
    def __init__(self, *, dropout: float) -> None:
        super().__init__()
        self.layer, self.dropout = nn.Linear(3, 2), nn.Dropout(dropout)

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.dropout(self.layer(batch))


def test_every_kind_of_network_is_compiled_and_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch gives up on the ninth kind unless it is told otherwise; folds are of one kind."""
    traced = partial(torch.compile, backend="eager")  # nothing is built, which takes long
    monkeypatch.setattr(torch, "compile", traced)
    torch.compiler.reset()
    counters.clear()
    for kind in range(10):
        for _ in range(2):
            compiled(Small(dropout=0.01 * kind))(torch.zeros(2, 3))
    assert counters["stats"]["unique_graphs"] == 10
    torch.compiler.reset()


@pytest.mark.slow
def test_compiled_it_learns_the_same() -> None:
    check_compiler("cpu")
    network = network_of("test_resnet").train()
    other, batch = copy.deepcopy(network), torch.randn(4, 3, 32, 32)
    for model in (network, compiled(other)):
        model(batch)["mask"].square().sum().backward()
    assert other.state_dict().keys() == network.state_dict().keys()
    for mine, theirs in zip(network.parameters(), other.parameters(), strict=True):
        assert (mine.grad - theirs.grad).norm() <= 1e-3 * mine.grad.norm() + 1e-9
