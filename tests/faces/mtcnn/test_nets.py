"""The nets laid out for speed answer as facenet-pytorch's own do."""

import pytest
import torch
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet

from pipeline.faces.mtcnn.nets import LANES, mtcnn_nets


@pytest.mark.parametrize(
    ("name", "own", "side"), [("pnet", PNet, 30), ("rnet", RNet, 24), ("onet", ONet, 48)]
)
def test_wider_nets_answer_the_same(name: str, own: type, side: int) -> None:
    pixels = torch.randn(3, 3, side, side, generator=torch.Generator().manual_seed(1))
    net = mtcnn_nets("cpu")[name]
    with torch.inference_mode():
        for ours, theirs in zip(net(pixels), own().eval()(pixels), strict=True):
            torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=1e-5)
    assert net.conv1.out_channels % LANES == 0
    assert torch.equal(net.conv1.weight[: own().conv1.out_channels], own().conv1.weight)
