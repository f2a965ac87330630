import pytest
import timm
import torch

from pipeline.models.heads import HeadShape
from pipeline.models.network import (
    build_network,
    check_freeze,
    freeze_groups,
    input_statistics,
    layer_groups,
)
from pipeline.models.optimiser import build_optimiser
from pipeline.models.pretrained import check_backbone, check_weights

ONE = {"smile": HeadShape(1)}


def build(backbone: str, **options):
    return build_network(backbone, weights="none", heads=ONE, **options)


def optimiser_of(network: torch.nn.Module, **options) -> torch.optim.Optimizer:
    plain = {"name": "adamw", "lr": 1.0, "backbone_lr": 1.0, "momentum": 0.9, "fused": False}
    return build_optimiser(network, **{**plain, "weight_decay": 0.1, **options})


def test_the_small_cnn_has_the_parameters_it_was_asked_for() -> None:
    network = build("small_cnn")
    assert sum(p.numel() for p in network.parameters()) == 1_080_897
    assert sum(p.numel() for p in timm.create_model("small_cnn").parameters()) == 1_080_897
    kinds = [type(m).__name__ for m in network.modules()]
    assert [kinds.count(k) for k in ("Conv2d", "BatchNorm2d", "MaxPool2d", "Dropout2d")] == [
        3,
        3,
        2,
        1,
    ]


@pytest.mark.parametrize("size", [16, 64, 80, 112])
def test_the_small_cnn_takes_other_sizes(size: int) -> None:
    network = build("small_cnn").eval()
    assert network(torch.randn(2, 3, size, size))["smile"].shape == (2, 1)


def test_mixed_precision_leaves_the_logits_all_their_digits() -> None:
    torch.manual_seed(0)
    network = build_network("test_resnet", weights="none", heads={"age": HeadShape(3)}).eval()
    batch = torch.randn(4, 3, 32, 32)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        features = network.backbone(batch)
        logits = network(batch)["age"]
    assert features.dtype == torch.bfloat16
    assert logits.dtype == torch.float32
    assert not torch.equal(logits, logits.bfloat16().float())
    torch.testing.assert_close(logits, network.heads["age"](features.float()))


def test_the_small_cnn_is_a_backbone_like_timm_s() -> None:
    check_backbone("small_cnn")
    assert input_statistics("small_cnn") == ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    with pytest.raises(ValueError, match="no pretrained weights of small_cnn; set weights: none"):
        check_weights("small_cnn", weights="imagenet")
    check_weights("small_cnn", weights="none")
    check_weights("resnet18", weights="imagenet")
    with pytest.raises(ValueError, match=r"no file absent\.pth"):
        check_weights("resnet18", weights="absent.pth")
    check_freeze("small_cnn", number=3)
    network = build("small_cnn")
    groups = layer_groups(network.backbone)
    assert sorted(name for names in groups.values() for name in names) == sorted(
        name for name, _ in network.backbone.named_parameters()
    )
    freeze_groups(network.backbone, number=3)
    left = {name for name, p in network.backbone.named_parameters() if p.requires_grad}
    assert left == {"neck.0.weight", "neck.0.bias", "neck.2.weight", "neck.2.bias"}


def test_a_hidden_layer_lies_before_the_heads() -> None:
    plain, deep = build("test_resnet"), build("test_resnet", hidden=128, dropout=0.5)
    width = plain.backbone.head_hidden_size
    added = sum(p.numel() for p in deep.parameters()) - sum(p.numel() for p in plain.parameters())
    assert added == (width + 1) * 128 + 2 * 128 + (128 + 1) - (width + 1)
    names = [type(m).__name__ for m in deep.neck]
    assert names == ["Linear", "BatchNorm1d", "ReLU"]
    assert deep.dropout.p == 0.5
    assert deep(torch.randn(2, 3, 32, 32))["smile"].shape == (2, 1)


def test_every_parameter_is_in_one_group_with_its_rate() -> None:
    network = build("test_resnet", hidden=8)
    optimiser = optimiser_of(network, lr=0.1, backbone_lr=0.5)
    rate = {id(p): g["initial_lr"] for g in optimiser.param_groups for p in g["params"]}
    assert len(rate) == len(list(network.parameters()))
    for name, parameter in network.named_parameters():
        assert rate[id(parameter)] == pytest.approx(0.05 if name.startswith("backbone") else 0.1)


def test_layer_decay_falls_from_the_heads_to_the_stem() -> None:
    network = build("test_resnet")
    optimiser = optimiser_of(network, layer_decay=0.5, backbone_lr=0.1)
    rate = {id(p): g["initial_lr"] for g in optimiser.param_groups for p in g["params"]}
    named = dict(network.named_parameters())
    assert len(rate) == len(named)
    assert rate[id(named["heads.smile.weight"])] == 1.0
    found = {name.split(".")[1]: rate[id(p)] for name, p in named.items() if "backbone" in name}
    expected = {"layer4": 0.05, "layer3": 0.025, "layer2": 0.0125, "layer1": 0.00625}
    expected |= {"conv1": 0.003125, "bn1": 0.003125}
    assert found == pytest.approx(expected)
    for group in optimiser.param_groups:
        decayed = {p.ndim > 1 for p in group["params"]}
        assert decayed == {group["weight_decay"] > 0}
