"""How even folds came out: the table, the certificate, and the lines a person reads.

Judges any folds, however they were made. A deviation is the fold's share of a label value minus
the share it should hold, 1 / num_folds; so 0.01 is one per cent of that value's images.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.folds.strata import (
    EncodedLabels,
    encode_labels,
    encode_people,
    group_strata,
    plain,
    smallest_deviation,
)


def balance_table(folds: Sequence | np.ndarray | pd.Series, labels: pd.DataFrame) -> pd.DataFrame:
    """Return one row a label value: label, value, total, fold0.., worst_deviation.

    The fold columns count images; worst_deviation is the largest distance of a fold's share
    of the value from 1 / num_folds, 0 to 1.
    """
    folds = _whole(folds)
    coded = encode_labels(labels, num_images=len(folds))
    num_folds = int(folds.max()) + 1
    names = [f"fold{fold}" for fold in range(num_folds)]
    blocks = []
    for label in coded:
        found = _tally(label.codes, folds, len(label.values), num_folds)
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
) -> dict:
    """Return what can be promised about the folds, as plain values that JSON can hold.

    `worst` is the label value and fold that deviate most; its `smallest_possible` is a bound
    that no split by whole people can beat, and `cannot_be_better` says whether it is met.
    `missing` lists label values that a fold lacks, each with the reason.
    """
    folds = _whole(folds)
    people = encode_people(person_ids)
    coded = encode_labels(labels, num_images=len(folds))
    num_folds, num_people = int(folds.max()) + 1, len(people.values)
    homes = _tally(people.codes, folds, num_people, num_folds) > 0
    kinds = group_strata(people.codes, coded)
    promised = kinds.counts[:, : kinds.num_promised]
    bounds = smallest_deviation(promised, kinds.sizes, num_folds=num_folds)
    images = np.bincount(folds, minlength=num_folds)
    cells, missing = [_cell("images", "all", images, bounds[0])], []
    position = 1
    for label in coded:
        found = _tally(label.codes, folds, len(label.values), num_folds)
        for code, value in enumerate(label.values):
            cells.append(_cell(label.name, value, found[code], bounds[position]))
            who = np.unique(people.codes[label.codes == code])
            missing += _missing(label, code, found[code], len(who))
            position += 1
    return {
        "num_images": len(folds),
        "num_people": num_people,
        "num_folds": num_folds,
        "people_in_two_folds": int((homes.sum(axis=1) > 1).sum()),
        "images_per_fold": images.tolist(),
        "people_per_fold": homes.sum(axis=0).tolist(),
        "images": cells[0],
        "worst": max(cells[1:] or cells, key=lambda cell: cell["deviation"]),
        "num_values": len(cells) - 1,
        "num_values_best_possible": sum(cell["cannot_be_better"] for cell in cells[1:]),
        "missing": missing,
    }


def describe(promise: dict) -> str:
    """Return the lines of a `certificate` that a person reads."""
    lines = [
        f"{promise['num_images']} images of {promise['num_people']} people in "
        f"{promise['num_folds']} folds",
        "  images per fold: " + " ".join(map(str, promise["images_per_fold"])),
        "  people per fold:   " + " ".join(map(str, promise["people_per_fold"])),
    ]
    if promise["people_in_two_folds"]:
        lines.append(f"  LEAK: {promise['people_in_two_folds']} people are in more than one fold")
    worst = promise["worst"]
    lines.append(
        f"  worst balance: {worst['label']} {worst['value']} in fold {worst['fold']}: "
        f"{worst['found']} of {worst['total']} images where {worst['expected']:.1f} would be "
        f"even, {100 * worst['deviation']:.2f} % of its images off"
    )
    if worst["cannot_be_better"]:
        lines.append("    no split that keeps people whole can be better for it")
    else:
        lines.append(f"    no split can get below {100 * worst['smallest_possible']:.2f} %")
    lines.append(
        f"  {promise['num_values_best_possible']} of {promise['num_values']} label values are "
        f"proved to be as even as they can be"
    )
    return "\n".join(lines + ["  " + gap["reason"] for gap in promise["missing"]])


def _whole(folds: Sequence | np.ndarray | pd.Series) -> np.ndarray:
    folds = pd.Series(np.asarray(folds))
    if not len(folds):
        raise ValueError("There are no images, so there are no folds to judge.")
    if folds.isna().any() or (folds < 0).any() or (folds % 1 != 0).any():
        raise ValueError("Every image needs a fold, a whole number from 0.")
    return folds.to_numpy().astype(np.int64)


def _tally(codes: np.ndarray, folds: np.ndarray, num_codes: int, num_folds: int) -> np.ndarray:
    """Return (num_codes, num_folds) images."""
    flat = np.bincount(codes * num_folds + folds, minlength=num_codes * num_folds)
    return flat.reshape(num_codes, num_folds)


def _cell(label: str, value: object, found: np.ndarray, bound: float) -> dict:
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


def _missing(label: EncodedLabels, code: int, found: np.ndarray, num_people: int) -> list[dict]:
    lacking = np.flatnonzero(found == 0).tolist()
    if not lacking:
        return []
    value, num_folds = plain(label.values[code]), len(found)
    where = f"{label.name} {value} is not in fold {', '.join(map(str, lacking))}"
    if num_people < num_folds:
        reason = f"{where}: only {num_people} people have it and there are {num_folds} folds."
    else:
        reason = (
            f"{where}, although {num_people} people have it: their other labels or numbers of "
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
