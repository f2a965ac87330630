"""What audit's quick probes look at: features of crops that no label of this contest has shaped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.console import follow
from pipeline.experiment.device import choose_device
from pipeline.features.audit.pure.linear_probe import condense, probe_oof
from pipeline.images.transform import Transform, fit_size, normalise
from pipeline.labels.tasks import Task

BATCH = 64
PIXELS = 16  # a side, where no backbone is asked for


@dataclass(frozen=True)
class Sample:
    """What the probes look at: places (n,) in a frame of images, rising, and features (n, d)."""

    places: np.ndarray
    features: np.ndarray


def draw_groups(groups: Iterable[str], *, number: int, seed: int) -> np.ndarray:
    """The places (sorted) of at most about `number` images: whole groups, drawn by lot."""
    _, codes = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    if len(codes) <= number:
        return np.arange(len(codes))
    sizes = np.bincount(codes)
    order = np.random.default_rng(seed).permutation(len(sizes))
    chosen = order[: max(1, int(np.searchsorted(np.cumsum(sizes[order]), number, side="right")))]
    return np.flatnonzero(np.isin(codes, chosen))


def probe_features(settings: Experiment, crops: np.ndarray, images: pd.DataFrame) -> np.ndarray:
    """The main directions (n, d) of the frozen features of these images' crops."""
    audit = settings.audit
    if audit.backbone is None:
        pixels = [fit_size(crops[row], size=PIXELS).ravel() for row in images["row"]]
        return condense(np.stack(pixels), seed=audit.seed)
    return condense(_backbone_features(settings, crops, images["row"].to_numpy()), seed=audit.seed)


def probe_tasks(
    tasks: Iterable[Task],
    targets: Mapping[str, np.ndarray],
    features: np.ndarray,
    folds: np.ndarray,
) -> dict[str, np.ndarray]:
    """The probe's out-of-fold probabilities (n, C), score or value (n, 1) of every task."""
    return {
        task.name: probe_oof(
            features,
            targets[task.name],
            folds,
            kind=task.kind,
            num_classes=len(task.classes),
        )
        for task in tasks
    }


def describe_probe(backbone: str | None) -> str:
    """The probe in words; without a `backbone` it looks at small crops."""
    source = "crops at 16 x 16 pixels" if backbone is None else f"frozen {backbone} features"
    return f"a linear model on {source}"


def _backbone_features(settings: Experiment, crops: np.ndarray, rows: np.ndarray) -> np.ndarray:
    import torch

    from pipeline.models.network import input_statistics
    from pipeline.models.pretrained import load_backbone

    audit = settings.audit
    assert audit.backbone is not None, "without a backbone the crops themselves are the features"
    device, _ = choose_device(settings)
    mean, std = input_statistics(audit.backbone)
    transform = Transform(size=audit.image_size, mean=mean, std=std)
    network = load_backbone(audit.backbone, weights="imagenet", drop_path=0.0).eval().to(device)
    features = []
    with torch.inference_mode():
        parts = [rows[start : start + BATCH] for start in range(0, len(rows), BATCH)]
        for some in follow(parts, desc="audit: features", total=len(rows), size=len):
            batch = np.stack([fit_size(crops[row], size=audit.image_size) for row in some])
            pixels = normalise(torch.from_numpy(batch).to(device), transform=transform)
            features.append(network(pixels).float().cpu().numpy())
    return np.concatenate(features)
