"""A backbone cut where it begins to learn: the two parts say what the whole says."""

import copy

import pytest
import timm
import torch

from pipeline.models.heads import HeadShape
from pipeline.models.layers import freeze_layers
from pipeline.models.network import FaceNetwork
from pipeline.models.trunk import Tail, find_cut, trunk_maps

BACKBONES = [
    ("test_efficientnet", 3, "stage"),
    ("test_resnet", 2, "stage"),
    ("test_resnet", -1, "block"),
    ("test_convnext", 2, "stage"),
    ("test_vit", 3, "stage"),
    ("test_resnet", "all", "stage"),
]


def frozen(name: str, number: int | str, by: str) -> FaceNetwork:
    torch.manual_seed(0)
    body = timm.create_model(name, num_classes=0)
    freeze_layers(body, number=number, by=by)
    return FaceNetwork(body, heads={"age": HeadShape(3)}, dropout=0.0).eval()


def gradients(network: FaceNetwork, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
    network.zero_grad()
    network(inputs)["age"].square().sum().backward()
    return {n: p.grad.clone() for n, p in network.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(("name", "number", "by"), BACKBONES)
def test_both_parts_together_are_the_whole(name: str, number: int | str, by: str) -> None:
    network = frozen(name, number, by)
    size = network.backbone.default_cfg["input_size"][-1]
    images = torch.randn(3, 3, size, size)
    whole, wanted = network(images)["age"], gradients(network, images)
    state = copy.deepcopy(network.state_dict())
    cut = find_cut(network.backbone, image_size=size)
    with torch.no_grad():
        maps = trunk_maps(network.backbone, cut, images)
    assert maps.shape[1:] == cut.shape
    tail = Tail(network.backbone, cut)
    torch.testing.assert_close(network(maps)["age"], whole)
    found = gradients(network, maps)
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        torch.testing.assert_close(found[key], value)
    assert list(network.state_dict()) == list(state)
    tail.release()
    torch.testing.assert_close(network(images)["age"], whole)
    assert "forward" not in vars(network.backbone)


def test_nothing_frozen_has_no_trunk() -> None:
    with pytest.raises(ValueError, match="there is no trunk"):
        find_cut(frozen("test_resnet", 0, "stage").backbone, image_size=32)


class Twice(torch.nn.Module):
    """A backbone whose later layer looks at the first one's output and at the input."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = torch.nn.Conv2d(3, 4, 1), torch.nn.Conv2d(4, 4, 1)
        self.first.requires_grad_(False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        maps = self.first(images)
        return (self.second(maps) + maps).mean(dim=(2, 3))


def test_a_backbone_that_looks_back_is_refused() -> None:
    with pytest.raises(ValueError, match="a Twice uses what its frozen layers make in several"):
        find_cut(Twice(), image_size=8)
