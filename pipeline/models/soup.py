"""Model soups: the mean of several trainings' weights, as one network (Wortsman et al. 2022).

The trainings must begin with the same weights. An average of weights needs statistics of its own
wherever a BatchNorm learns: the mean of two networks' statistics is not that of their mean.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import nn

Weights = Mapping[str, torch.Tensor]


def choose_greedily(
    seeds: Sequence[int], *, score: Callable[[tuple[int, ...]], float]
) -> list[int]:
    """The seeds whose average is kept, the best one first.

    `score` judges the average of some seeds, higher is better. The best single one begins; each
    other joins, the better first, where the score rises with it.
    """
    alone = {seed: score((seed,)) for seed in seeds}
    order = sorted(seeds, key=lambda seed: alone[seed], reverse=True)
    kept = [order[0]]
    best = alone[order[0]]
    for seed in order[1:]:
        found = score((*kept, seed))
        if found > best:
            kept.append(seed)
            best = found
    return kept


def average_weights(states: Sequence[Weights]) -> dict[str, torch.Tensor]:
    """The mean of each tensor of several networks; what is counted is taken from the first."""
    averaged = {}
    for name, first in states[0].items():
        if first.is_floating_point():
            total = first.double()
            for state in states[1:]:
                total = total + state[name].double()
            averaged[name] = (total / len(states)).to(first.dtype)
        else:
            averaged[name] = first.clone()
    return averaged


@torch.no_grad()
def refresh_batchnorm(network: nn.Module, batches: Iterable[torch.Tensor]) -> None:
    """Takes the statistics of every BatchNorm that learns from these inputs (N, 3, H, W).

    One that keeps its pretrained statistics keeps them. The network is ready to answer then.
    """
    network.eval()
    learning = []
    for module in network.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm) and _learns(module):
            learning.append(module)
    if not learning:
        return
    momenta = [norm.momentum for norm in learning]
    for norm in learning:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
        norm.train()
    for batch in batches:
        network(batch)
    for norm, momentum in zip(learning, momenta, strict=True):
        norm.momentum = momentum
    network.eval()


def _learns(norm: nn.Module) -> bool:
    return any(parameter.requires_grad for parameter in norm.parameters())
