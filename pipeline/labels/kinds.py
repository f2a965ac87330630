"""The three kinds of task, and which losses and metrics serve which. Words only, no torch.

The settings check names against these tables without importing torch; the registries that hold the
functions (`learning.losses.LOSSES`, `scoring.metrics.METRICS`) have the same keys (tested).
"""

from typing import Literal, get_args

Kind = Literal["classes", "score", "number"]
KINDS: tuple[str, ...] = get_args(Kind)

LOSS_KINDS: dict[str, tuple[str, ...]] = {
    "cross_entropy": ("classes",),
    "focal": ("classes",),
    "bce": ("score",),
    "mse": ("number",),
    "l1": ("number",),
}

METRIC_KINDS: dict[str, tuple[str, ...]] = {
    "macro_f1": ("classes",),
    "accuracy": ("classes", "score"),
    "roc_auc": ("score",),
    "hter": ("score",),
    "mae": ("number",),
    "rmse": ("number",),
}

DEFAULT_LOSS: dict[str, str] = {"classes": "cross_entropy", "score": "bce", "number": "l1"}
DEFAULT_METRIC: dict[str, str] = {"classes": "macro_f1", "score": "hter", "number": "mae"}
