"""Statistics of a frozen backbone's blocks: by hand, of unlike families, never trained."""

import copy

import pytest
import timm
import torch

from pipeline.models.frozen_features import (
    BlockStatistics,
    channel_statistics,
    choose_layers,
    find_blocks,
)


def test_statistics_are_means_and_deviations_over_places() -> None:
    maps = torch.arange(24.0).view(1, 2, 3, 4)
    flat = maps.view(2, 12)
    wanted = torch.cat([flat.mean(dim=1), flat.std(dim=1, correction=0)])
    torch.testing.assert_close(channel_statistics(maps)[0], wanted)
    tokens = maps.view(1, 2, 12).permute(0, 2, 1)
    torch.testing.assert_close(channel_statistics(tokens)[0], wanted)


@pytest.mark.parametrize("name", ["test_efficientnet", "test_resnet", "test_convnext", "test_vit"])
def test_features_are_those_of_the_blocks_and_nothing_is_trained(name: str) -> None:
    body = timm.create_model(name, num_classes=0).eval()
    batch = torch.randn(2, 3, *body.default_cfg["input_size"][1:])
    seen = []
    block = body.get_submodule(find_blocks(body)[1])
    hook = block.register_forward_hook(lambda *args: seen.append(args[2]))
    body.forward_features(batch)
    hook.remove()
    network = copy.deepcopy(BlockStatistics(body, layers=[1])).train()
    features = network(batch)
    torch.testing.assert_close(features, channel_statistics(seen[0]))
    assert features.shape[1] == network.head_hidden_size
    assert not any(parameter.requires_grad for parameter in network.parameters())
    assert not any(module.training for module in network.modules())


def test_the_first_third_is_left_out_and_a_block_that_is_not_there_is_named() -> None:
    assert choose_layers(7, None) == (2, 3, 4, 5, 6)
    assert choose_layers(7, [0, 5]) == (0, 5)
    with pytest.raises(ValueError, match="layers: 7; the backbone has blocks 0 to 6"):
        choose_layers(7, [7])
