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
    "soft_f1": ("classes",),
    "arcface": ("classes",),
    "bce": ("score",),
    "mse": ("number",),
    "l1": ("number",),
    "huber": ("number",),
    "weighted_mse": ("number",),
    "occlusion_gap": ("number",),
    "ordinal": ("number", "classes"),  # of classes: the number behind their edges is learnt
    "coral": ("number", "classes"),  # ordinal, whose thresholds share one direction
    "distribution": ("number", "classes"),
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
    "macro_f1": ("classes",),
    "accuracy": ("classes", "score"),
    "roc_auc": ("score",),
    "hter": ("score",),
    "far": ("score",),
    "frr": ("score",),
    "f1": ("score",),
    "precision": ("score",),
    "recall": ("score",),
    "mae": ("number",),
    "mse": ("number",),
    "rmse": ("number",),
    "cs5": ("number",),
    "occlusion_gap": ("number",),
}
# which kinds of task a way to blend members serves
BLEND_KINDS: dict[str, tuple[str, ...]] = {
    "geometric": ("classes", "score"),
    "median": ("classes", "score", "number"),
    "rank": ("score",),  # of metrics that look at the order only
    "caruana": ("classes", "score", "number"),
    "stacking": ("classes", "score", "number"),
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
DEFAULT_LOSS: dict[str, str] = {"classes": "cross_entropy", "score": "bce", "number": "l1"}
DEFAULT_METRIC: dict[str, str] = {"classes": "macro_f1", "score": "hter", "number": "mae"}
