"""Training state in one safetensors file: tensors in the body, JSON in the header. It can't
run code. Tensors are named `part/key`, the optimiser's `optimiser/parameter/key`.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

Tensors = dict[str, torch.Tensor]


GROUP = "group"
GROUP_COUNTERS = ("step", "lookahead_step")  # of timm's lamb and adan, and of its lookahead


def save_state(path: Path, parts: dict[str, Tensors], *, facts: dict[str, Any]) -> None:
    """Writes named groups of tensors and facts for JSON. Raises OSError for a full disk."""
    tensors = {
        f"{part}/{key}": value.detach().to("cpu").contiguous().clone()
        for part, state in parts.items()
        for key, value in state.items()
    }
    try:
        save_file(tensors, path, metadata={"facts": json.dumps(facts)})
    except SafetensorError as error:  # of the system, but only told in words
        number = re.search(r"os error (\d+)", str(error))
        if number is None:
            raise
        raise OSError(int(number[1]), os.strerror(int(number[1])), str(path)) from None


def load_state(path: Path) -> tuple[dict[str, Tensors], dict[str, Any]]:
    """The parts and facts that save_state wrote. Raises ValueError for a file it did not write."""
    parts: dict[str, Tensors] = {}
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})["facts"])
            for name in file.keys():  # noqa: SIM118 - safe_open is no dict
                part, _, key = name.partition("/")
                parts.setdefault(part, {})[key] = file.get_tensor(name)
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path}: not a file this pipeline wrote, or a damaged one ({error})"
        ) from None
    return parts, facts


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> Tensors:
    """The optimiser's state as named tensors: `PARAMETER/KEY`, and the steps that some optimisers
    count in their groups as `group GROUP/KEY`."""
    stored = optimiser.state_dict()
    tensors = {}
    for index, state in stored["state"].items():
        for key, value in state.items():
            if value is not None:
                tensors[f"{index}/{key}"] = torch.as_tensor(value)
    for index, group in enumerate(stored["param_groups"]):
        for key in GROUP_COUNTERS:
            if key in group:
                tensors[f"{GROUP} {index}/{key}"] = torch.as_tensor(group[key])
    return tensors


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Tensors) -> None:
    """Puts the state back that optimiser_tensors took, laid out in memory as its parameters are: a
    fused step walks both in memory order, and a file keeps no channels-last order.

    Raises ValueError for the state of other parameters, or of these in another order."""
    state: dict[int, Tensors] = {}
    groups = optimiser.state_dict()["param_groups"]
    for name, value in tensors.items():
        index, key = name.split("/")
        if index.startswith(GROUP):
            groups[int(index.removeprefix(GROUP))][key] = int(value)
        else:
            state.setdefault(int(index), {})[key] = value
    optimiser.load_state_dict({"state": state, "param_groups": groups})
    for parameter, kept in optimiser.state.items():
        for key, value in kept.items():
            if value.ndim > 0 and value.shape != parameter.shape:
                raise ValueError("the optimiser's state is that of other parameters")
            if value.ndim > 1:
                kept[key] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)
