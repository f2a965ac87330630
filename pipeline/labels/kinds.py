"""The four kinds of task, and which losses and metrics serve which. Words only, no torch.

The settings check names against these tables without importing torch; the registries that hold the
functions (`models.losses.LOSSES`, `metrics.metrics.METRICS`) have the same keys (tested).
"""

from typing import Literal, get_args

Kind = Literal["multiclass", "binary", "multilabel", "regression"]
KINDS: tuple[str, ...] = get_args(Kind)
LOSS_KINDS: dict[str, tuple[str, ...]] = {
    "cross_entropy": ("multiclass",),
    "focal": ("multiclass",),
    "soft_f1": ("multiclass",),
    "arcface": ("multiclass",),
    "bce": ("binary", "multilabel"),
    "asymmetric": ("multilabel",),
    "mse": ("regression",),
    "l1": ("regression",),
    "huber": ("regression",),
    "weighted_mse": ("regression",),
    "occlusion_gap": ("regression",),
    "ordinal": ("regression", "multiclass"),  # of classes: the number behind their edges is learnt
    "coral": ("regression", "multiclass"),  # ordinal, whose thresholds share one direction
    "distribution": ("regression", "multiclass"),
}
# their predictions have a column a class, those of other kinds one column
COLUMN_A_CLASS: tuple[str, ...] = ("multiclass", "multilabel")
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
    # of the decided class
    "macro_f1": ("multiclass", "binary", "multilabel"),
    "accuracy": ("multiclass", "binary", "multilabel"),
    "balanced_accuracy": ("multiclass", "binary", "multilabel"),
    "micro_f1": ("multiclass", "binary", "multilabel"),
    "weighted_f1": ("multiclass", "binary", "multilabel"),
    "matthews": ("multiclass", "binary", "multilabel"),
    "kappa": ("multiclass", "binary"),
    "linear_kappa": ("multiclass", "binary", "regression"),
    "quadratic_kappa": ("multiclass", "binary", "regression"),
    # of the decided labels of an image with several
    "samples_f1": ("multilabel",),
    "exact_match": ("multilabel",),
    # of a probability for each class
    "log_loss": ("multiclass", "binary", "multilabel"),
    "brier": ("multiclass", "binary", "multilabel"),
    "macro_roc_auc": ("multiclass", "multilabel"),
    "weighted_roc_auc": ("multiclass",),
    "macro_average_precision": ("multiclass", "multilabel"),
    # of a yes or no, and of its score
    "roc_auc": ("binary",),
    "average_precision": ("binary",),
    "hter": ("binary",),
    "far": ("binary",),
    "frr": ("binary",),
    "f1": ("binary",),
    "precision": ("binary",),
    "recall": ("binary",),
    # of a number
    "mae": ("regression",),
    "mse": ("regression",),
    "rmse": ("regression",),
    "rmsle": ("regression",),
    "r2": ("regression",),
    "pearson": ("regression",),
    "spearman": ("regression",),
    "ccc": ("regression",),
    "cs5": ("regression",),
    "occlusion_gap": ("regression",),
}
# metrics with a number of their own, written NAME@NUMBER, as in cs@3 or pinball@0.9
METRIC_FAMILIES: dict[str, tuple[str, ...]] = {
    "f_beta": ("binary",),
    "macro_f_beta": ("multiclass", "binary", "multilabel"),
    "samples_f_beta": ("multilabel",),
    "top": ("multiclass",),
    "map": ("multiclass", "multilabel"),
    "cs": ("regression",),
    "pinball": ("regression",),
}
# they look at scores or probabilities themselves, so that no threshold changes them
UNDECIDED_METRICS: tuple[str, ...] = (
    "log_loss",
    "brier",
    "macro_roc_auc",
    "weighted_roc_auc",
    "macro_average_precision",
    "roc_auc",
    "average_precision",
    "top",
    "map",
)
# which kinds of task a way to blend members serves
BLEND_KINDS: dict[str, tuple[str, ...]] = {
    "geometric": ("multiclass", "binary", "multilabel"),
    "median": ("multiclass", "binary", "multilabel", "regression"),
    "rank": ("binary",),  # of metrics that look at the order only
    "caruana": ("multiclass", "binary", "multilabel", "regression"),
    "stacking": ("multiclass", "binary", "multilabel", "regression"),
}
GROUP_METRICS: tuple[str, ...] = ("occlusion_gap",)  # the task must name a `group:` column
# the columns that a layout's reader finds; None where the user's own tables and settings name them
LAYOUT_COLUMNS: dict[str, tuple[str, ...] | None] = {
    "pstage": ("mask", "gender", "age", "race"),
    "table": None,
    "lines": None,
    "folders": None,
    "utkface": ("age", "gender", "race"),
    "cacd": ("age",),
    "afad": ("age", "gender"),
    "appa": ("real_age", "apparent_age_avg", "apparent_age_std", "num_ratings"),
}
DEFAULT_LOSS: dict[str, str] = {
    "multiclass": "cross_entropy",
    "binary": "bce",
    "multilabel": "bce",
    "regression": "l1",
}
DEFAULT_METRIC: dict[str, str] = {
    "multiclass": "macro_f1",
    "binary": "hter",
    "multilabel": "macro_roc_auc",
    "regression": "mae",
}


def split_own_metric(name: str) -> tuple[str, str] | None:
    """The file and the function of a metric of the user's own, `my_metric.py:score`; else None."""
    file, colon, function = name.rpartition(":")
    if colon and file.endswith(".py") and function.isidentifier():
        return file, function
    return None


def parse_metric(name: str) -> tuple[str, float]:
    """The family and the number of a metric such as `cs@3`.

    Raises ValueError for a family that is not known, and for a number that it can't have.
    """
    family, _, word = name.partition("@")
    if family not in METRIC_FAMILIES or not word:
        known = ", ".join([*METRIC_KINDS, *(f"{each}@NUMBER" for each in METRIC_FAMILIES)])
        raise ValueError(
            f"metric {name!r} is not known; allowed: {known}, or a file of your own beside the "
            "config, as in my_metric.py:score"
        )
    try:
        number = float(word)
    except ValueError:
        raise ValueError(f"metric {name!r}: {word!r} is not a number; as in cs@3") from None
    if family == "pinball" and not 0 < number < 1:
        raise ValueError(f"metric {name!r}: a quantile lies between 0 and 1, as in pinball@0.9")
    if family in ("top", "map") and not (number >= 1 and number.is_integer()):
        raise ValueError(f"metric {name!r}: {word} must be a whole number, as in {family}@5")
    if not 0 < number < float("inf"):
        raise ValueError(f"metric {name!r}: the number must be above 0")
    return family, number


def metric_kinds(name: str) -> tuple[str, ...]:
    """The kinds of task that a metric serves. Raises ValueError as parse_metric does."""
    if split_own_metric(name) is not None:
        return KINDS
    return METRIC_KINDS.get(name) or METRIC_FAMILIES[parse_metric(name)[0]]


def uses_decisions(name: str) -> bool:
    """Whether a metric looks at decided classes or values, not at scores or probabilities."""
    return name.partition("@")[0] not in UNDECIDED_METRICS
