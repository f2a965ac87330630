"""How a contest is scored, by words in its description and by the form of its answers."""

import re
from collections.abc import Iterable
from pathlib import Path

from pipeline.features.new_contest.guess import Guess
from pipeline.labels.kinds import metric_kinds

MOST_TEXT = 200_000
NEAR = 300  # characters on each side of a word for scoring
SCORING = re.compile(r"evaluat|metric|scor(ed|ing)|leaderboard|judged|measured by", re.IGNORECASE)
# words of a description and the metric they mean, the more special first
WORDS: tuple[tuple[str, str], ...] = (
    (r"quadratic(ally)?[ -]?(weighted)?[ -]?kappa|\bqwk\b", "quadratic_kappa"),
    (r"linear(ly)?[ -]?weighted[ -]?kappa", "linear_kappa"),
    (r"cohen'?s?[ -]?kappa", "kappa"),
    (r"mean average precision at (\d+)|map@(\d+)", "map@"),
    (r"top[ -]?(\d+) accuracy|top-?(\d+)\b", "top@"),
    (r"log[ -_]?loss|cross[ -]?entropy", "log_loss"),
    (r"area under the (roc|receiver)|roc[ -_]?auc|\bauc\b|auroc", "roc_auc"),
    (r"average precision|\bauprc\b|pr[ -]auc", "average_precision"),
    (r"balanced accuracy|mean recall|unweighted average recall|\buar\b", "balanced_accuracy"),
    (r"macro[ -_]?(averaged)?[ -_]?f1|f1[ -_]?\(?macro|macro[ -_]f[ -]?score", "macro_f1"),
    (r"micro[ -_]?(averaged)?[ -_]?f1|f1[ -_]?\(?micro", "micro_f1"),
    (r"weighted[ -_]?f1|f1[ -_]?\(?weighted", "weighted_f1"),
    (r"matthews|\bmcc\b", "matthews"),
    (r"half total error|\bhter\b", "hter"),
    (r"brier", "brier"),
    (r"root mean squared? log|\brmsle\b", "rmsle"),
    (r"root[ -]mean[ -]squared?|\brmse\b", "rmse"),
    (r"mean absolute error|\bmae\b", "mae"),
    (r"mean squared error|\bmse\b", "mse"),
    (r"spearman", "spearman"),
    (r"concordance correlation|\bccc\b", "ccc"),
    (r"pearson", "pearson"),
    (r"\br2\b|r²|coefficient of determination", "r2"),
    (r"f1[ -_]?score|\bf1\b|f[ -]measure", "f1"),
    (r"accuracy|proportion of correct", "accuracy"),
)
FOR_MULTICLASS = {  # what a word about one yes or no means for several classes
    "f1": "macro_f1",
    "roc_auc": "macro_roc_auc",
    "average_precision": "macro_average_precision",
}

FOR_MULTILABEL = {  # and for several labels of an image
    "f1": "samples_f1",
    "roc_auc": "macro_roc_auc",
    "average_precision": "macro_average_precision",
}
KIND_WORDS = {"multiclass": FOR_MULTICLASS, "multilabel": FOR_MULTILABEL}


def read_texts(root: Path, names: Iterable[str]) -> dict[str, str]:
    """The description files of a folder as plain text; HTML without its tags."""
    texts: dict[str, str] = {}
    for name in names:
        raw = (root / name).read_bytes()[:MOST_TEXT].decode("utf-8", errors="replace")
        if name.lower().endswith(".html"):
            raw = re.sub(r"<[^>]+>", " ", raw)
        texts[name] = raw
    return texts


def metric_of_texts(texts: dict[str, str], *, kind: str) -> Guess[str] | None:
    """The metric that a description names, for a task of a kind; None where none does.

    A word near `evaluated` or `metric` counts before one anywhere else.
    """
    for name, text in texts.items():
        near = " ".join(
            text[max(0, found.start() - NEAR) : found.end() + NEAR]
            for found in SCORING.finditer(text)
        )
        metric = metric_in_text(near, kind=kind)
        if metric is not None:
            return Guess(metric, f"{name} speaks of it beside its words on scoring")
    return None


def metric_in_text(text: str, *, kind: str) -> str | None:
    """The first metric of the list that a text names and that serves a kind of task."""
    for pattern, metric in WORDS:
        found = re.search(pattern, text, re.IGNORECASE)
        if found is None:
            continue
        if metric.endswith("@"):
            metric += next(group for group in found.groups() if group)
        metric = KIND_WORDS.get(kind, {}).get(metric, metric)
        if kind in metric_kinds(metric):
            return metric
    return None
