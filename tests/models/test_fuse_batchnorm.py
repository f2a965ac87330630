import pytest
import torch
from torch import nn

from pipeline.models.fuse_batchnorm import fuse_batchnorm
from pipeline.models.heads import HeadShape
from pipeline.models.network import build_network


def trained(backbone: str) -> nn.Module:
    """A network whose BatchNorms have seen something."""
    torch.manual_seed(0)
    network = build_network(backbone, weights="none", heads={"a": HeadShape(3)})
    network.train()
    for _ in range(3):
        network(2.0 * torch.randn(4, 3, 32, 32) + 0.5)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.2)
            nn.init.normal_(layer.bias, 0.0, 0.2)
    return network.eval()


@pytest.mark.parametrize(
    "backbone", ["test_resnet", "test_efficientnet", "tf_efficientnet_lite0", "small_cnn"]
)
def test_it_answers_the_same_with_fewer_norms(backbone: str) -> None:
    network = trained(backbone)
    folded = fuse_batchnorm(network, size=32)
    images = torch.randn(5, 3, 32, 32)
    with torch.inference_mode():
        plain, ours = network(images)["a"], folded(images)["a"]
    assert torch.allclose(ours, plain, atol=1e-4 * float(plain.abs().max()))
    counts = [
        sum(isinstance(layer, nn.BatchNorm2d) for layer in net.modules())
        for net in (network, folded)
    ]
    assert counts[1] <= 1 < counts[0]  # test_resnet blurs between one pair


class Crossed(nn.Module):
    """Its BatchNorm stands behind a convolution and is used before it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 3, 1), nn.BatchNorm2d(3)
        nn.init.constant_(self.norm.weight, 3.0)
        nn.init.constant_(self.norm.bias, 1.0)

    def forward(self, batch: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"a": self.conv(self.norm(batch)).mean((2, 3))}


def test_a_network_that_would_answer_otherwise_stays_as_it_is() -> None:
    network = Crossed()
    assert fuse_batchnorm(network, size=8) is network
