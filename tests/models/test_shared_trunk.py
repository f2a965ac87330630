import copy

import pytest
import torch

from pipeline.models.heads import HeadShape
from pipeline.models.logits import predict_logits
from pipeline.models.network import build_network
from pipeline.models.shared_trunk import SharedLayers


def folds_of(backbone: str, *, freeze: int | str) -> list[torch.nn.Module]:
    """Three networks that differ where the first one is not frozen."""
    torch.manual_seed(0)
    first = build_network(backbone, weights="none", heads={"a": HeadShape(3)}, freeze=freeze)
    networks = [copy.deepcopy(first).eval() for _ in range(3)]
    for network in networks:
        with torch.no_grad():
            for parameter in network.parameters():
                if parameter.requires_grad:
                    parameter.add_(0.1 * torch.randn_like(parameter))
    return networks


def count_calls(network: torch.nn.Module) -> list[str]:
    """The names of the convolutions that are computed, filled as they come."""
    seen: list[str] = []
    for name, layer in network.named_modules():
        if isinstance(layer, torch.nn.Conv2d):

            def compute(*inputs, name=name, own=layer._conv_forward):
                seen.append(name)
                return own(*inputs)

            layer._conv_forward = compute
    return seen


@pytest.mark.parametrize("backbone", ["test_resnet", "test_efficientnet", "test_vit"])
@pytest.mark.parametrize("freeze", [0, 2, "all"])
def test_the_answers_are_the_same_to_the_last_bit(backbone: str, freeze: int | str) -> None:
    networks = folds_of(backbone, freeze=freeze)
    size = 160 if "vit" in backbone else 32
    batch = torch.randn(3, 3, size, size)
    with torch.inference_mode():
        plain = [network(batch)["a"] for network in networks]
        shared = SharedLayers(networks)
        for _ in range(2):
            for ours, theirs in zip(shared.answer(batch), plain, strict=True):
                assert torch.equal(ours["a"], theirs)
        shared.release()
        assert not any("forward" in vars(layer) for n in networks for layer in n.modules())
    assert not torch.equal(plain[0], plain[1])


@pytest.mark.parametrize("backbone", ["test_resnet", "test_efficientnet"])
def test_frozen_layers_are_computed_once_for_all_folds(backbone: str) -> None:
    networks = folds_of(backbone, freeze=2)
    shared = SharedLayers(networks)
    batch = torch.randn(3, 3, 32, 32)
    with torch.inference_mode():
        shared.answer(batch)
        counts = [count_calls(network) for network in networks]
        shared.answer(batch)
    frozen = {
        name.removesuffix(".weight")
        for name, parameter in networks[0].named_parameters()
        if not parameter.requires_grad and parameter.ndim == 4
    }
    assert frozen <= set(counts[0]), "the first network computes all of its layers"
    assert frozen
    assert not frozen & set(counts[1]), "a frozen layer was computed twice"
    assert set(counts[1]) == set(counts[2]) == set(counts[0]) - frozen


class Doubling(torch.nn.Module):
    """Changes its own frozen layer's output in place, as some networks do: once is not twice."""

    def __init__(self, head: float) -> None:
        super().__init__()
        self.frozen, self.head = torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)
        torch.nn.init.constant_(self.frozen.weight, 0.5)
        torch.nn.init.constant_(self.frozen.bias, 0.1)
        torch.nn.init.constant_(self.head.weight, head)

    def forward(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"a": self.head(self.frozen(batch).mul_(2.0))}


def test_nothing_is_shared_where_sharing_would_change_an_answer() -> None:
    networks = [Doubling(1.0), Doubling(3.0)]
    batch = torch.ones(3, 4)
    with torch.inference_mode():
        shared = SharedLayers(networks)
        assert shared.paths == ["frozen"]
        plain = [network(batch)["a"] for network in networks]
        found = [answer["a"] for answer in shared.answer(batch)]
        assert shared.paths == []
    assert all(torch.equal(*both) for both in zip(found, plain, strict=True))


def test_pieces_that_fit_the_cache_change_no_logit_by_more_than_rounding(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (network, *_) = folds_of("test_resnet", freeze=0)
    pixels = torch.randint(256, (11, 32, 32, 3), dtype=torch.uint8)

    def predict() -> torch.Tensor:
        (views,) = predict_logits(
            [network],
            [(pixels, {})],
            views={"identity": lambda x: x},
            to_input=lambda x: x.permute(0, 3, 1, 2).float(),
            device=torch.device("cpu"),
            precision="float32",
        )
        return views["identity"]["a"]

    whole = predict()
    monkeypatch.setattr("pipeline.models.logits.CACHED_PIXELS", 3 * 32 * 32)
    assert torch.allclose(predict(), whole, rtol=1e-6, atol=1e-6)
