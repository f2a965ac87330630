from pathlib import Path

import pytest
import torch
from torch import nn

from pipeline.models.checkpoint import load_state, optimiser_tensors, restore_optimiser, save_state


def fresh(name: str) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A convolution in channels-last order and a fused optimiser, as a cell has them on a GPU."""
    torch.manual_seed(0)
    network = nn.Conv2d(8, 16, 3).to(memory_format=torch.channels_last)
    options = {"momentum": 0.9} if name == "SGD" else {}
    return network, getattr(torch.optim, name)(network.parameters(), lr=0.01, fused=True, **options)


def learn(network: nn.Module, optimiser: torch.optim.Optimizer, seeds: range) -> None:
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        batch = torch.randn(4, 8, 6, 6, generator=generator)
        optimiser.zero_grad()
        network(batch.to(memory_format=torch.channels_last)).square().mean().backward()
        optimiser.step()


@pytest.mark.parametrize("name", ["Adam", "AdamW", "SGD"])
def test_a_fused_optimiser_goes_on_from_a_file_as_if_never_stopped(
    name: str, tmp_path: Path
) -> None:
    whole, optimiser = fresh(name)
    learn(whole, optimiser, range(6))

    first, optimiser = fresh(name)
    learn(first, optimiser, range(3))
    parts = {"network": first.state_dict(), "optimiser": optimiser_tensors(optimiser)}
    save_state(tmp_path / "state.safetensors", parts, facts={})
    parts, _ = load_state(tmp_path / "state.safetensors")
    second, optimiser = fresh(name)
    second.load_state_dict(parts["network"])
    restore_optimiser(optimiser, parts["optimiser"])
    learn(second, optimiser, range(3, 6))
    assert torch.equal(second.weight, whole.weight)
    for value in optimiser.state[second.weight].values():
        assert value.ndim < 2 or value.stride() == second.weight.stride()


def test_the_state_of_other_parameters_is_refused() -> None:
    network, optimiser = fresh("AdamW")
    learn(network, optimiser, range(1))
    kept = optimiser_tensors(optimiser)
    numbers = sorted({name.split("/")[0] for name in kept})
    turned = dict(zip(numbers, reversed(numbers), strict=True))
    other = {f"{turned[name.split('/')[0]]}/{name.split('/')[1]}": v for name, v in kept.items()}
    with pytest.raises(ValueError, match="of other parameters"):
        restore_optimiser(optimiser, other)
