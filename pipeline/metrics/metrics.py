"""The metrics by name, and what is reported for each kind of task. Pure.

A name with an @ is one of a family: `cs@3` is the share of answers at most 3 off.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.labels.kinds import metric_kinds, parse_metric, split_own_metric
from pipeline.metrics.binary_metrics import BINARY_METRICS, binary_metric, f_beta
from pipeline.metrics.class_metrics import CLASS_METRICS, class_f1, class_metric, macro_f_beta
from pipeline.metrics.label_metrics import (
    LABEL_METRICS,
    average_precision_at,
    image_metric,
    label_metric,
    samples_f_beta,
)
from pipeline.metrics.label_metrics import macro_f_beta as labels_macro_f_beta
from pipeline.metrics.metric import Metric
from pipeline.metrics.number_metrics import (
    NUMBER_METRICS,
    mean,
    mean_of,
    number_metric,
    occlusion_errors,
    pinball_losses,
    within,
)
from pipeline.metrics.order_metrics import ORDER_METRICS
from pipeline.metrics.prob_metrics import PROB_METRICS, prob_metric, reciprocal_ranks, top_hits

__all__ = [
    "FAMILY_EXAMPLES",
    "METRICS",
    "REPORTED",
    "Metric",
    "class_f1",
    "find_metric",
    "is_metric",
    "listed_metrics",
    "occlusion_errors",
    "register_metric",
    "reported",
]


def _with_labels(metric: Metric, of_labels: Metric) -> Metric:
    """A metric of classes that judges images with several labels by its namesake."""
    return replace(metric, kinds=(*metric.kinds, *of_labels.kinds), of_labels=of_labels)


def _join_metrics() -> dict[str, Metric]:
    groups = (CLASS_METRICS, PROB_METRICS, ORDER_METRICS, BINARY_METRICS, NUMBER_METRICS)
    known = {metric.name: metric for group in groups for metric in group}
    for metric in LABEL_METRICS:
        namesake = known.get(metric.name)
        known[metric.name] = metric if namesake is None else _with_labels(namesake, metric)
    return known


METRICS: dict[str, Metric] = _join_metrics()
FAMILY_EXAMPLES = (
    *("f_beta@2", "macro_f_beta@2", "samples_f_beta@2", "top@5", "map@5", "cs@3"),
    "pinball@0.9",
)
# what is printed for every task of a kind, after the task's own metric
REPORTED: dict[str, tuple[str, ...]] = {
    "binary": ("hter", "far", "frr", "roc_auc", "f1", "precision", "recall", "accuracy"),
    "regression": ("mae", "mse", "rmse", "cs5"),
    "multiclass": ("macro_f1", "accuracy"),
    "multilabel": (
        *("macro_roc_auc", "macro_average_precision", "macro_f1", "micro_f1", "samples_f1"),
        *("accuracy", "log_loss"),
    ),
}


def reported(kind: str, own: str) -> list[str]:
    """The metrics shown for a task of this kind: its own first, each once."""
    return list(dict.fromkeys([own, *REPORTED[kind]]))


def listed_metrics() -> list[Metric]:
    """All metrics, with an example of each family, for people to read."""
    return [*METRICS.values(), *(find_metric(name) for name in FAMILY_EXAMPLES)]


def is_metric(name: str) -> bool:
    """Whether a metric may have this name; a file of the user's own is not looked at."""
    try:
        metric_kinds(name)
    except ValueError:
        return False
    return True


@dataclass
class _OwnMetric:
    load: Callable[[], Metric]
    settings: object  # what it was registered for
    metric: Metric | None = None


# Metrics that are files of the user's own. Every process registers those of its settings; a file
# runs when its metric is first needed.
_own: dict[str, _OwnMetric] = {}


def register_metric(name: str, load: Callable[[], Metric], *, settings: object) -> None:
    """Makes a user's own metric known; `load` gives it when it is first needed, and again where
    the settings are others."""
    if name not in _own or _own[name].settings != settings:
        _own[name] = _OwnMetric(load, settings)


def find_metric(name: str) -> Metric:
    """The metric of this name. Raises ValueError for a name that is not known."""
    if name in METRICS:
        return METRICS[name]
    if name in _own:
        own = _own[name]
        own.metric = own.metric or own.load()
        return own.metric
    if split_own_metric(name) is not None:
        raise ValueError(f"metric {name} is a file that no settings of this command name")
    family, number = parse_metric(name)
    if family == "cs":
        says = f"share of answers at most {number:g} off"
        hits = mean_of(within(number))
        return number_metric(name, says, hits, mean, higher_is_better=True, high=1.0)
    if family == "pinball":
        losses = mean_of(pinball_losses(number))
        says = f"pinball loss of the {number:g} quantile"
        return number_metric(name, says, losses, mean, higher_is_better=False)
    if family == "top":
        says = f"share of images whose class is among the {number:g} likeliest"
        return prob_metric(name, says, top_hits(int(number)), higher_is_better=True)
    if family == "map":
        says = f"mean of 1 / place of the true class among the {number:g} likeliest"
        one = prob_metric(name, says, reciprocal_ranks(int(number)), higher_is_better=True)
        says = f"mean average precision of the {number:g} likeliest labels of an image"
        several = average_precision_at(int(number))
        return _with_labels(one, image_metric(name, says, several, looks_at="probs"))
    if family == "samples_f_beta":
        says = f"mean over images of the F-beta of their labels, beta {number:g}"
        return image_metric(name, says, samples_f_beta(number))
    if family == "f_beta":
        says = f"F-beta of class 1, recall counting {number:g} times as much as precision"
        return binary_metric(name, says, f_beta(number), higher_is_better=True)
    assert family == "macro_f_beta", family
    one = class_metric(name, f"mean F-beta of the classes, beta {number:g}", macro_f_beta(number))
    says = f"mean F-beta of the labels, beta {number:g}"
    return _with_labels(one, label_metric(name, says, labels_macro_f_beta(number)))
