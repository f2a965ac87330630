"""The mean of networks' weights: its arithmetic, its BatchNorm, and which networks are chosen."""

import timm
import torch
from torch import nn

from pipeline.models.soup import average_weights, choose_greedily, refresh_batchnorm


def test_the_mean_of_weights_and_the_first_one_s_counts() -> None:
    one = {"w": torch.tensor([1.0, 3.0]), "n": torch.tensor(5)}
    other = {"w": torch.tensor([2.0, -1.0]), "n": torch.tensor(7)}
    found = average_weights([one, other])
    assert found["w"].tolist() == [1.5, 1.0]
    assert found["n"].item() == 5


def test_a_seed_joins_only_where_the_score_rises() -> None:
    scores = {(1,): 0.5, (2,): 0.7, (3,): 0.6, (2, 3): 0.65, (2, 1): 0.8}
    assert choose_greedily((1, 2, 3), score=scores.__getitem__) == [2, 1]


def test_batchnorm_takes_the_statistics_of_the_averaged_network() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Dropout(0.5))
    batches = [torch.rand(8, 3, 5, 5) for _ in range(3)]
    refresh_batchnorm(network, batches)
    seen = torch.stack([network[0](batch) for batch in batches])
    torch.testing.assert_close(network[1].running_mean, seen.mean(dim=(0, 1, 3, 4)))
    assert not network.training and network[1].momentum == 0.1


def test_a_frozen_batchnorm_keeps_its_statistics() -> None:
    network = timm.create_model("test_resnet", num_classes=0).requires_grad_(False)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    refresh_batchnorm(network, [torch.rand(4, 3, 32, 32)])
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
