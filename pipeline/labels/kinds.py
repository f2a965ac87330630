"""The three kinds of task, and which losses and metrics serve which. Words only, no torch.

The settings check names against these tables without importing torch; the registries that hold the
functions (`learning.losses.LOSSES`, `scoring.metrics.METRICS`) have the same keys (tested).
"""

from typing import Literal, get_args

Kind = Literal["multiclass", "binary", "regression"]
KINDS: tuple[str, ...] = get_args(Kind)
LOSS_KINDS: dict[str, tuple[str, ...]] = {
    "cross_entropy": ("multiclass",),
    "focal": ("multiclass",),
    "soft_f1": ("multiclass",),
    "arcface": ("multiclass",),
    "bce": ("binary",),
    "mse": ("regression",),
    "l1": ("regression",),
    "huber": ("regression",),
    "weighted_mse": ("regression",),
    "occlusion_gap": ("regression",),
    "ordinal": ("regression", "multiclass"),  # of classes: the number behind their edges is learnt
    "coral": ("regression", "multiclass"),  # ordinal, whose thresholds share one direction
    "distribution": ("regression", "multiclass"),
}
# a head's form is its task's kind, but for these losses: what they train has another width
HEAD_FORMS: dict[str, str] = {
    "arcface": "cosine",
    "ordinal": "ordinal",
    "coral": "coral",
    "distribution": "distribution",
}
SPAN_LOSSES: tuple[str, ...] = ("ordinal", "coral", "distribution")  # a number, over its range
BATCH_LOSSES: tuple[str, ...] = ("soft_f1", "occlusion_gap")  # one value a batch, none a sample
GROUP_LOSSES: tuple[str, ...] = ("occlusion_gap",)  # the task must name a `group:` column
METRIC_KINDS: dict[str, tuple[str, ...]] = {
    "macro_f1": ("multiclass",),
    "accuracy": ("multiclass", "binary"),
    "roc_auc": ("binary",),
    "hter": ("binary",),
    "far": ("binary",),
    "frr": ("binary",),
    "f1": ("binary",),
    "precision": ("binary",),
    "recall": ("binary",),
    "mae": ("regression",),
    "mse": ("regression",),
    "rmse": ("regression",),
    "cs5": ("regression",),
    "occlusion_gap": ("regression",),
}
# which kinds of task a way to blend members serves
BLEND_KINDS: dict[str, tuple[str, ...]] = {
    "geometric": ("multiclass", "binary"),
    "median": ("multiclass", "binary", "regression"),
    "rank": ("binary",),  # of metrics that look at the order only
    "caruana": ("multiclass", "binary", "regression"),
    "stacking": ("multiclass", "binary", "regression"),
}
GROUP_METRICS: tuple[str, ...] = ("occlusion_gap",)  # the task must name a `group:` column
SCORE_METRICS: tuple[str, ...] = ("roc_auc",)  # look at the score itself: no threshold changes them
# the columns that a layout's reader finds; None where the user's own tables and settings name them
LAYOUT_COLUMNS: dict[str, tuple[str, ...] | None] = {
    "pstage": ("mask", "gender", "age", "race"),
    "table": None,
    "lines": None,
    "utkface": ("age", "gender", "race"),
    "cacd": ("age",),
    "afad": ("age", "gender"),
    "appa": ("real_age", "apparent_age_avg", "apparent_age_std", "num_ratings"),
}
DEFAULT_LOSS: dict[str, str] = {"multiclass": "cross_entropy", "binary": "bce", "regression": "l1"}
DEFAULT_METRIC: dict[str, str] = {"multiclass": "macro_f1", "binary": "hter", "regression": "mae"}
