from typing import get_args

import pytest
import timm
import timm.optim
import torch

from pipeline.config.member import Optimiser
from pipeline.models.checkpoint import optimiser_tensors, restore_optimiser
from pipeline.models.heads import HeadShape
from pipeline.models.layers import check_freeze, check_layer_decay, freeze_layers, layer_groups
from pipeline.models.network import build_network, input_statistics
from pipeline.models.optimiser import build_optimiser
from pipeline.models.pretrained import check_backbone, check_image_size, check_weights

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


def test_the_small_cnn_with_dropout_is_the_same_network_when_it_answers() -> None:
    plain, dropping = timm.create_model("small_cnn"), timm.create_model("small_cnn_dropout")
    dropping.load_state_dict(plain.state_dict())
    batch = torch.rand(4, 3, 64, 64)
    torch.testing.assert_close(dropping.eval()(batch), plain.eval()(batch))
    maps = torch.rand(4, 64, 16, 16)
    dropping.train()
    assert not torch.equal(dropping.forward_head(maps), dropping.forward_head(maps))


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
    freeze_layers(network.backbone, number=3)
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


def left_to_learn(backbone: str, **options) -> set[str]:
    named = build(backbone, **options).backbone.named_parameters()
    return {name.rpartition(".")[0] for name, parameter in named if parameter.requires_grad}


def test_layers_are_frozen_by_stage_or_by_block_from_either_end() -> None:
    last = left_to_learn("resnet34", freeze=-1, freeze_by="block")
    assert last == {"layer4.2.conv1", "layer4.2.bn1", "layer4.2.conv2", "layer4.2.bn2"}
    assert left_to_learn("resnet34", freeze=16, freeze_by="block") == last
    stages = {name.split(".")[0] for name in left_to_learn("resnet34", freeze=-2)}
    assert stages == {"layer3", "layer4"}
    assert {name.split(".")[0] for name in left_to_learn("resnet34", freeze=3)} == stages
    assert left_to_learn("resnet34", freeze="all") == set()
    with pytest.raises(ValueError, match=r"18 of 17 layer groups \(freeze_by: block\)"):
        check_freeze("resnet34", number=18, by="block")


def test_a_backbone_without_layer_groups_is_never_asked_for_them() -> None:
    assert left_to_learn("caformer_s18"), "freeze: 0"
    assert left_to_learn("caformer_s18", freeze="all") == set()
    check_freeze("caformer_s18", number=0)
    check_layer_decay("caformer_s18", layer_decay=1.0)
    for backbone in ("caformer_s18", "rdnet_tiny"):
        with pytest.raises(ValueError, match=r"timm does not divide .*allowed: freeze: 0 or all"):
            check_freeze(backbone, number=2)
        with pytest.raises(ValueError, match=r"layer_decay: 1"):
            check_layer_decay(backbone, layer_decay=0.8)


def test_a_transformer_takes_images_of_a_chosen_size() -> None:
    for size in (160, 128):
        network = build("test_vit", image_size=size).eval()
        assert network(torch.randn(1, 3, size, size))["smile"].shape == (1, 1)
        check_image_size("test_vit", image_size=size)
    check_image_size("vit_small_patch14_dinov2", image_size=224)
    check_image_size("vit_small_patch16_dinov3", image_size=224)
    check_image_size("swin_tiny_patch4_window7_224", image_size=256)
    with pytest.raises(ValueError, match=r"can't take images of 230 pixels .* trained at 224"):
        check_image_size("maxvit_tiny_tf_224", image_size=230)


@pytest.mark.parametrize("name", sorted(get_args(Optimiser)))
def test_an_optimiser_learns_and_goes_on_from_a_checkpoint_with_the_same_bytes(name: str) -> None:
    def fresh() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
        torch.manual_seed(0)
        network = build("test_resnet", hidden=8)
        return network, optimiser_of(network, name=name, lr=0.01, backbone_lr=0.5)

    def step(network: torch.nn.Module, optimiser: torch.optim.Optimizer, number: int) -> float:
        for group in optimiser.param_groups:
            group["lr"] = group["initial_lr"]
        batch = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(number % 2))
        loss = (network(batch)["smile"] - 1.0).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    network, optimiser = fresh()
    losses = [step(network, optimiser, number) for number in range(9)]
    assert min(losses[-2:]) < losses[0]
    again, other = fresh()
    for number in range(8):  # past lookahead's sixth step
        step(again, other, number)
    resumed, last = fresh()
    resumed.load_state_dict(again.state_dict())
    restore_optimiser(last, optimiser_tensors(other))
    step(resumed, last, 8)
    for key, value in network.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_torch_s_optimisers_are_what_timm_makes_by_these_names(name: str) -> None:
    ours, theirs = build("test_resnet"), build("test_resnet")
    theirs.load_state_dict(ours.state_dict())
    mine = optimiser_of(ours, name=name, lr=0.01)
    groups = optimiser_of(theirs, name=name, lr=0.01).param_groups
    plain = [{k: g[k] for k in ("params", "lr", "weight_decay")} for g in groups]
    other = timm.optim.create_optimizer_v2(plain, opt=name, lr=0.01, momentum=0.9)
    for network, optimiser in ((ours, mine), (theirs, other)):
        for number in range(3):
            torch.manual_seed(number)
            network(torch.randn(4, 3, 32, 32))["smile"].sum().backward()
            optimiser.step()
    for one, two in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, two)
