"""Where two answers to the same images disagree: which of them is nearer the truth, and for whom.
Pure."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from pipeline.metrics.metric import share

BY_GROUP = (
    *("attribute", "value", "num", "first_nearer", "second_nearer", "share"),
    *("first_loss", "second_loss"),
)


def losses(kind: str, truth: np.ndarray, answer: np.ndarray) -> np.ndarray:
    """How wrong each answer is (N,): 0 or 1 for classes and scores, the distance for numbers, the
    share of known labels answered wrong for several."""
    if kind == "regression":
        return np.abs(np.asarray(answer, dtype=np.float64) - truth)
    if kind == "multilabel":
        wrong = (np.asarray(answer) > 0.5) != (truth > 0.5)
        return mean_of_known(wrong, truth)
    return (np.asarray(answer) != np.asarray(truth)).astype(np.float64)


def mean_of_known(values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The mean (N,) of values (N, C) over the labels that are known; NaN where none is."""
    known = ~np.isnan(truth)
    return share(np.where(known, values, 0.0).sum(axis=1), known.sum(axis=1))


def count_by_group(
    first: np.ndarray, second: np.ndarray, groups: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """For every value of every attribute (N,): in how many images which answer is nearer.

    `first` and `second` are losses (N,). `share` is that of the images where one is nearer than
    the other; `first_loss` and `second_loss` are means. The greatest share comes first.
    """
    rows = []
    for attribute, values in {"all": np.full(len(first), "all"), **groups}.items():
        for value in pd.unique(pd.Series(values)):
            here = values == value
            one, other = first[here], second[here]
            rows.append(
                {
                    "attribute": attribute,
                    "value": value,
                    "num": int(here.sum()),
                    "first_nearer": int((one < other).sum()),
                    "second_nearer": int((other < one).sum()),
                    "share": float((one != other).mean()),
                    "first_loss": float(one.mean()),
                    "second_loss": float(other.mean()),
                }
            )
    frame = pd.DataFrame(rows, columns=list(BY_GROUP))
    whole, rest = frame[frame["attribute"] == "all"], frame[frame["attribute"] != "all"]
    rest = rest.sort_values(["share", "num"], ascending=False, kind="stable")
    return pd.concat([whole, rest], ignore_index=True)


def surprise(kind: str, truth: np.ndarray, probs: np.ndarray) -> np.ndarray:
    """How far an answer (N, C) is from certain of the truth: 1 - its probability; of a number the
    distance."""
    if kind == "regression":
        return np.abs(probs[:, 0] - truth)
    if kind == "multilabel":
        return mean_of_known(np.abs(truth - probs), truth)
    if kind == "binary":
        return np.abs(np.asarray(truth, dtype=np.float64) - probs[:, 0])
    return 1.0 - probs[np.arange(len(truth)), np.asarray(truth, dtype=np.int64)]


def band_numbers(values: np.ndarray, *, num_bands: int = 4) -> np.ndarray:
    """Each number's band (N,) in words, `20..35`, cut where equally many fall; fewer bands where
    numbers repeat."""
    values = np.asarray(values, dtype=np.float64)
    edges = np.unique(np.quantile(values, np.linspace(0.0, 1.0, num_bands + 1)))
    if len(edges) < 3:
        return np.full(len(values), f"{edges[0]:g}..{edges[-1]:g}")
    places = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    words = np.array([f"{low:.4g}..{high:.4g}" for low, high in pairwise(edges)])
    return words[places]
