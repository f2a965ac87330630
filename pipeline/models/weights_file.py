"""Weights of a file fitted to a backbone: by name, in order, without its head, at another size."""

import sys
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from pipeline.models.timm_backbone import as_timm

State = dict[str, torch.Tensor]
OWN = "network/backbone."  # before the backbone's tensors in the weights that train writes
WRAPPERS = ("", "module.", "model.", "backbone.", "module.backbone.", "encoder.")
NESTED = ("state_dict", "model")  # keys of checkpoints that hold the tensors


def read_state(path: Path) -> State:
    """The named tensors of a .safetensors or .pth file; nothing in it is run.

    Raises ValueError when it holds anything else.
    """
    if not path.is_file():
        raise ValueError(
            f"weights: no file {path}; allowed: imagenet, none, a file's path, "
            "run:EXPERIMENT/MEMBER or hf-hub:OWNER/NAME"
        )
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
        for key in NESTED:
            state = state.get(key, state)
        if all(isinstance(value, torch.Tensor) for value in state.values()):
            return state
    except (OSError, MemoryError):
        raise
    except Exception as error:  # unpickling raises whatever a file leads it to
        reason = f" ({type(error).__name__})"
    else:
        reason = ""
    raise ValueError(
        f"weights: {path} holds other things than named tensors, or is damaged{reason}; nothing in "
        "it was run; a state_dict saved as .safetensors can be read"
    )


def fit_state(state: Mapping[str, torch.Tensor], model: nn.Module, *, source: str) -> State:
    """The tensors of a file as those of a backbone without its classifier.

    The file may hold a whole network of any number of classes, one without a head, a network of
    this project, or one whose names have another beginning. Positions of a transformer are
    resampled to the model's image size by timm. The model may lie on the device `meta`. Raises
    ValueError saying what is missing, of another shape, or too much.
    """
    own = model.state_dict()
    found = _without_wrapper(state, own)
    found = _resampled(found, model)
    lacking = [key for key in own if key not in found and "num_batches" not in key]
    if lacking:
        raise ValueError(
            f"weights: the tensors of {source} are not those of this backbone: it has no "
            f"{lacking[0]} ({len(lacking)} of {len(own)} are missing)"
        )
    for key, value in own.items():
        if key in found and found[key].shape != value.shape:
            raise ValueError(
                f"weights: the tensors of {source} are not those of this backbone: {key} has the "
                f"shape {tuple(found[key].shape)} and must have {tuple(value.shape)}"
            )
    heads = _classifier_names(model)
    more = [key for key in found if key not in own and not key.startswith(heads)]
    if more:
        raise ValueError(
            f"weights: the tensors of {source} are not those of this backbone, which has no "
            f"{more[0]} ({len(more)} more than it has)"
        )
    counters = {key: value for key, value in own.items() if key not in found}
    return {key: found[key] for key in own if key in found} | counters


def match_by_order(state: Mapping[str, torch.Tensor], model: nn.Module) -> State | None:
    """The tensors as those of a whole model, by their order where all shapes agree, else None.

    Packages and old papers' files hold timm's tensors under other names.
    """
    own = model.state_dict()
    theirs = [value for key, value in state.items() if "num_batches" not in key]
    mine = [key for key in own if "num_batches" not in key]
    if len(theirs) != len(mine):
        return None
    if any(own[key].shape != value.shape for key, value in zip(mine, theirs, strict=True)):
        return None
    counters = {key: value for key, value in own.items() if "num_batches" in key}
    return dict(zip(mine, theirs, strict=True)) | counters


def _without_wrapper(state: Mapping[str, torch.Tensor], own: Mapping[str, torch.Tensor]) -> State:
    """The tensors of the backbone by its own names: without what stands before all of them."""
    if any(key.startswith(OWN) for key in state):
        return {key.removeprefix(OWN): v for key, v in state.items() if key.startswith(OWN)}
    first = next(iter(own))
    for wrapper in WRAPPERS:
        if wrapper + first in state:
            return {k.removeprefix(wrapper): v for k, v in state.items() if k.startswith(wrapper)}
    return dict(state)


def _resampled(state: State, model: nn.Module) -> State:
    """The tensors with positions for the model's image size, where timm can do that."""
    own = model.state_dict()
    if all(key not in own or own[key].shape == value.shape for key, value in state.items()):
        return state
    fit = getattr(sys.modules[type(model).__module__], "checkpoint_filter_fn", None)
    if fit is None:
        return state
    fitted = fit(dict(state), model)
    return {key: value for key, value in fitted.items() if isinstance(value, torch.Tensor)}


def _classifier_names(model: nn.Module) -> tuple[str, ...]:
    """What the names of a classifier's tensors begin with."""
    named = as_timm(model).default_cfg.get("classifier") or ()
    names = (named,) if isinstance(named, str) else tuple(named)
    return tuple({f"{name}." for name in (*names, "head", "fc", "classifier", "head_dist")})
