"""How even folds came out: the table, the certificate, and the lines a person reads.

Judges any folds, however they were made. A deviation is the fold's share of a label value minus
the share it should hold, 1 / num_folds; so 0.01 is one per cent of that value's images.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter

import numpy as np
import pandas as pd

from pipeline.folds.strata import (
    EncodedLabels,
    encode_columns,
    encode_people,
    group_strata,
    plain,
    smallest_deviation,
)

EVEN = 5e-5  # a deviation that is 0.00 %


def balance_table(folds: Sequence | np.ndarray | pd.Series, labels: pd.DataFrame) -> pd.DataFrame:
    """Return one row a label value: label, value, total, fold0.., worst_deviation.

    The fold columns count images; worst_deviation is the largest distance of a fold's share
    of the value from 1 / num_folds, 0 to 1.
    """
    folds = _whole(folds)
    coded = encode_columns(labels, num_images=len(folds))
    num_folds = int(folds.max()) + 1
    names = [f"fold{fold}" for fold in range(num_folds)]
    blocks = []
    for label in coded:
        found = _count(label.codes, folds, len(label.values), num_folds)
        total = found.sum(axis=1)
        block = pd.DataFrame(found, columns=names)
        block.insert(0, "label", label.name)
        block.insert(1, "value", pd.Series(label.values, dtype=object))
        block.insert(2, "total", total)
        block["worst_deviation"] = np.abs(found / total[:, None] - 1 / num_folds).max(axis=1)
        blocks.append(block)
    empty = pd.DataFrame(columns=["label", "value", "total", *names, "worst_deviation"])
    return pd.concat(blocks, ignore_index=True) if blocks else empty


def certificate(
    folds: Sequence | np.ndarray | pd.Series,
    person_ids: Sequence | np.ndarray | pd.Series,
    labels: pd.DataFrame,
    *,
    unit: str = "people",
    start: str | None = None,
) -> dict:
    """Return what can be promised about the folds, as plain values that JSON can hold.

    `unit` is what a person id stands for (people, groups, images), `start` where the search for
    the folds began.
    `worst` is the label value and fold that deviate most; its `smallest_possible` is a bound
    that no split by whole people can beat, and `cannot_be_better` says whether it is met.
    `missing` lists label values that a fold lacks, each with the reason.
    """
    folds = _whole(folds)
    people = encode_people(person_ids)
    encoded = encode_columns(labels, num_images=len(folds))
    num_folds = int(folds.max()) + 1
    num_people = len(people.values)
    is_in_fold = _count(people.codes, folds, num_people, num_folds) > 0
    strata = group_strata(people.codes, encoded)
    promised = strata.counts[:, : strata.num_promised]
    bounds = iter(smallest_deviation(promised, strata.sizes, num_folds=num_folds))
    images = np.bincount(folds, minlength=num_folds)
    worst_of = [_worst_fold("images", "all", images, next(bounds))]
    missing = []
    for label in encoded:
        found = _count(label.codes, folds, len(label.values), num_folds)
        for code, value in enumerate(label.values):
            worst_of.append(_worst_fold(label.name, value, found[code], next(bounds)))
            who = np.unique(people.codes[label.codes == code])
            missing += _missing(label, code, found[code], len(who), unit=unit)
    return {
        "num_images": len(folds),
        "num_people": num_people,
        "num_folds": num_folds,
        "unit": unit,
        "start": start,
        "people_in_two_folds": int((is_in_fold.sum(axis=1) > 1).sum()),
        "images_per_fold": images.tolist(),
        "people_per_fold": is_in_fold.sum(axis=0).tolist(),
        "images": worst_of[0],
        "worst": max(worst_of[1:] or worst_of, key=itemgetter("deviation")),
        "num_values": len(worst_of) - 1,
        "num_values_best_possible": sum(value["cannot_be_better"] for value in worst_of[1:]),
        "missing": missing,
    }


def describe(promise: dict) -> str:
    """Return the lines of a `certificate` that a person reads."""
    unit = promise.get("unit", "people")
    count, num_folds = f"{promise['num_images']} images", promise["num_folds"]
    if unit != "images":
        count += f" of {promise['num_people']} {unit}"
    lines = [f"{count} in {num_folds} folds"]
    lines.append("  images per fold: " + " ".join(map(str, promise["images_per_fold"])))
    if unit != "images":
        units = " ".join(map(str, promise["people_per_fold"]))
        lines.append(f"  {unit} per fold:".ljust(19) + units)
    if promise["people_in_two_folds"]:
        lines.append(f"  LEAK: {promise['people_in_two_folds']} {unit} are in more than one fold")
    worst = promise["worst"]
    if worst["deviation"] < EVEN:
        lines.append("  every label value is spread evenly over the folds")
        return "\n".join(lines + ["  " + gap["reason"] for gap in promise["missing"]])
    lines.append(
        f"  worst balance: {worst['label']} {worst['value']} in fold {worst['fold']}: "
        f"{worst['found']} of {worst['total']} images where {worst['expected']:.1f} would be "
        f"even, {100 * worst['deviation']:.2f} % of its images off"
    )
    if worst["cannot_be_better"]:
        lines.append(f"    no split that keeps {unit} whole can be better for it")
    else:
        lines.append(f"    no split can get below {100 * worst['smallest_possible']:.2f} %")
    lines.append(
        f"  {promise['num_values_best_possible']} of {promise['num_values']} label values are "
        f"as even as they can be"
    )
    if promise.get("start") is not None:
        lines.append(
            "  the search tried two first splits and went on from the more even one: "
            f"{promise['start']}"
        )
    return "\n".join(lines + ["  " + gap["reason"] for gap in promise["missing"]])


def _whole(folds: Sequence | np.ndarray | pd.Series) -> np.ndarray:
    folds = pd.Series(np.asarray(folds))
    if not len(folds):
        raise ValueError("There are no images, so there are no folds to judge.")
    if folds.isna().any() or (folds < 0).any() or (folds % 1 != 0).any():
        raise ValueError("Every image needs a fold, a whole number from 0.")
    return folds.to_numpy().astype(np.int64)


def _count(codes: np.ndarray, folds: np.ndarray, num_codes: int, num_folds: int) -> np.ndarray:
    """Return (num_codes, num_folds) images."""
    flat = np.bincount(codes * num_folds + folds, minlength=num_codes * num_folds)
    return flat.reshape(num_codes, num_folds)


def _worst_fold(label: str, value: object, found: np.ndarray, bound: float) -> dict:
    """Return where one label value is least even; `found` (num_folds,) counts its images."""
    total = int(found.sum())
    deviations = np.abs(found / total - 1 / len(found))
    fold = int(np.argmax(deviations))
    return {
        "label": label,
        "value": plain(value),
        "fold": fold,
        "expected": total / len(found),
        "found": int(found[fold]),
        "total": total,
        "deviation": float(deviations[fold]),
        "smallest_possible": float(bound),
        "cannot_be_better": bool(deviations[fold] <= bound + 1e-9),
    }


def _missing(
    label: EncodedLabels, code: int, found: np.ndarray, num_people: int, *, unit: str
) -> list[dict]:
    """The entry of a label value that some folds lack, with the reason; none where all have it."""
    lacking = np.flatnonzero(found == 0).tolist()
    if not lacking:
        return []
    value = plain(label.values[code])
    num_folds = len(found)
    where = f"{label.name} {value} is not in fold {', '.join(map(str, lacking))}"
    if num_people < num_folds:
        reason = f"{where}: only {num_people} {unit} have it and there are {num_folds} folds."
    else:
        reason = (
            f"{where}, although {num_people} {unit} have it: their other labels or numbers of "
            f"images pull elsewhere, and no way to satisfy all was found."
        )
    return [
        {
            "label": label.name,
            "value": value,
            "folds": lacking,
            "num_people": num_people,
            "reason": reason,
        }
    ]
