"""Heatmaps find a planted patch, in a network built by hand and in one that learnt it."""

import numpy as np
import pytest
import timm
import torch
from torch import nn

from pipeline.labels.tasks import Task
from pipeline.models.grad_cam import find_heatmaps, last_map
from pipeline.models.heads import HeadShape
from pipeline.models.network import FaceNetwork

pytest.importorskip("pytorch_grad_cam", reason="pip install -r requirements-explain.txt")


SEEN = Task(name="seen", kind="multiclass", column="seen", classes=("no", "yes"))


class Counter(nn.Module):
    """Two maps, of red and of blue, and their means: what each place adds is known."""

    head_hidden_size = 2

    def __init__(self) -> None:
        super().__init__()
        self.look = nn.Conv2d(3, 2, kernel_size=1, bias=False)
        with torch.no_grad():
            self.look.weight.copy_(torch.tensor([[1.0, 0, 0], [0, 0, 1.0]])[..., None, None])

    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return self.look(batch).mean(dim=(2, 3))


def test_by_hand_the_map_is_the_colour_that_the_class_counts() -> None:
    network = FaceNetwork(Counter(), heads={"seen": HeadShape(2)}, dropout=0.0).eval()
    with torch.no_grad():
        network.heads["seen"].weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    network.requires_grad_(False)  # as a frozen backbone is
    batch = torch.zeros(1, 3, 16, 16)
    batch[0, 0, 2:5, 3:6] = 1.0  # red speaks for the first class
    batch[0, 2, 10:14, 9:13] = 0.5  # blue for the second
    for code, place in ((0, (slice(2, 5), slice(3, 6))), (1, (slice(10, 14), slice(9, 13)))):
        (heat,) = find_heatmaps(network, batch, task=SEEN, loss="cross_entropy", codes=[code])
        expected = np.zeros((16, 16))
        expected[place] = 1.0
        assert np.allclose(heat, expected, atol=1e-4)
    assert not any(p.requires_grad for p in network.parameters())


def planted(number: int, *, seed: int, size: int = 96) -> tuple[torch.Tensor, torch.Tensor, list]:
    """Noise, in every second image with a bright square somewhere."""
    rng = np.random.default_rng(seed)
    pixels = rng.normal(0, 0.3, (number, 3, size, size)).astype(np.float32)
    places = rng.integers(0, size - 28, (number, 2))
    for image in range(0, number, 2):
        y, x = places[image]
        pixels[image, :, y : y + 28, x : x + 28] += 2.0
    codes = (np.arange(number) % 2 == 0).astype(np.int64)
    return torch.from_numpy(pixels), torch.from_numpy(codes), places.tolist()


@pytest.mark.parametrize("backbone", ["test_resnet", "test_vit2"])
def test_a_network_that_learnt_a_patch_looks_at_it(backbone: str) -> None:
    torch.manual_seed(0)
    body = timm.create_model(backbone, num_classes=0, **_sized(backbone))
    network = FaceNetwork(body, heads={"seen": HeadShape(2)}, dropout=0.0)
    optimiser = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for step in range(25):
        pixels, codes, _ = planted(16, seed=100 + step)
        loss = nn.functional.cross_entropy(network(pixels)["seen"], codes)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    network.eval()
    pixels, codes, places = planted(32, seed=1)
    with torch.no_grad():
        assert (network(pixels)["seen"].argmax(1) == codes).float().mean() > 0.9
    with_patch = list(range(0, 32, 2))
    heats = find_heatmaps(
        network, pixels[with_patch], task=SEEN, loss="cross_entropy", codes=[1] * len(with_patch)
    )
    assert heats.shape == (16, 96, 96)
    gained = []
    for heat, image in zip(heats, with_patch, strict=True):
        y, x = places[image]
        gained.append(heat[y : y + 28, x : x + 28].mean() - heat.mean())
    assert np.mean(gained) > 0.1
    assert np.mean(np.array(gained) > 0) > 0.8


def _sized(backbone: str) -> dict:
    return {"img_size": 96} if "vit" in backbone else {}


def test_the_last_map_of_every_kind_of_backbone_is_found() -> None:
    example = torch.zeros(1, 3, 96, 96)
    body = timm.create_model("test_efficientnet", num_classes=0).eval()
    module, layout = last_map(body, example)
    shapes = []
    module.register_forward_hook(lambda m, i, o: shapes.append(tuple(o.shape)))
    body(example)
    assert layout == "channels first"
    assert shapes[0][2:] == (3, 3)
    flat = nn.Sequential(nn.Flatten(), nn.Linear(27648, 4))
    with pytest.raises(ValueError, match="no map of places"):
        last_map(flat, example)
