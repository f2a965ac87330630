"""Labels of the train images that are wrong or missing: told all at once, by kind, with counts."""

from collections.abc import Callable, Collection, Sequence

import numpy as np
import pandas as pd

from pipeline.labels.tasks import Task, is_missing, wrong_labels
from pipeline.tables import OK

TRAINABLE = (OK, "unlabelled")
SHOWN = 3  # labels that a sentence shows
FAR = 3.0


def check_labels(
    images: pd.DataFrame,
    tasks: Sequence[Task],
    *,
    leave_out: Collection[str],
    truth: bool,
    find_place: Callable[[pd.Series, str], str],
    mends: str = "competition.fixes mends them",
) -> tuple[pd.DataFrame, list[str]]:
    """The images table in which no train label is wrong, and a sentence about each kind left out;
    with `truth` no test label either.

    `leave_out` names the tasks whose wrong labels count as missing. `find_place(row, column)` is
    where a label stands, '' where that is not known; `mends` says what helps. Raises ValueError, a
    sentence for each task and kind of wrong label, with its count and the first three.
    """
    frame = images
    parts = ("train", "test") if truth else ("train",)
    labelled = images[images["part"].isin(parts) & images["status"].isin(TRAINABLE)]
    problems: list[str] = []
    notes: list[str] = []
    for task in tasks:
        for kind, wrong in wrong_labels(task, labelled[task.column]).items():
            rows = labelled[wrong]
            if task.name in leave_out:
                frame = frame.astype({task.column: object})
                frame.loc[rows.index, task.column] = None
                notes.append(f"{_say_rows(rows, task, kind)}; tasks.{task.name} leaves them out")
            else:
                place = find_place(rows.iloc[0], task.column)
                where = f"{place}: " if place else ""
                problems.append(
                    f"{where}{_say_rows(rows, task, kind)}; {mends}, and "
                    f"tasks.{task.name}.invalid: leave_out leaves them out"
                )
    if problems:
        raise ValueError("\n".join(problems))
    return frame, notes


def far_label_notes(images: pd.DataFrame, tasks: Sequence[Task]) -> list[str]:
    """A sentence about each number task without a range whose labels hold values far from the rest.

    Far is more than FAR times the distance of the quartiles beyond them (Tukey 1977).
    """
    train = images[(images["part"] == "train") & images["status"].isin(TRAINABLE)]
    notes = []
    for task in tasks:
        has_range = np.isfinite(task.low) and np.isfinite(task.high)
        if has_range or (task.classes and not task.edges):
            continue
        numbers = pd.to_numeric(train[task.column], errors="coerce")
        low, high = numbers.quantile([0.25, 0.75])
        fence = FAR * (high - low)
        far = (numbers < low - fence) | (numbers > high + fence)
        if not far.any() or fence == 0.0:
            continue
        shown = ", ".join(f"{number:g}" for number in numbers[far].sort_values().unique()[:SHOWN])
        labels = "1 label" if far.sum() == 1 else f"{far.sum()} labels"
        verb = "lies" if far.sum() == 1 else "lie"
        notes.append(
            f"{labels} of {task.column} {verb} far from the others: {shown}, where half of them "
            f"are {low:g} to {high:g}; tasks.{task.name}.low and .high say what can be"
        )
    return notes


def mark_labelled(
    images: pd.DataFrame, tasks: Sequence[Task], *, partly: bool
) -> tuple[pd.DataFrame, list[str]]:
    """The images table with the train images `unlabelled` that lack labels, and how many they are.

    `partly`: an image with the label of one task is ok; it teaches that task. Otherwise it needs
    the labels of all tasks.
    """
    trainable = (images["part"] == "train") & images["status"].isin(TRAINABLE)
    frame = images.astype({"message": object})
    frame.loc[trainable, ["status", "message"]] = [OK, ""]
    missing = pd.DataFrame(
        {task.column: is_missing(task, images[task.column]) for task in tasks}, index=images.index
    )
    lacks = missing.all(axis=1) if partly else missing.any(axis=1)
    for column in missing:
        rows = trainable & lacks & missing[column]
        frame.loc[rows, "status"] = "unlabelled"
        frame.loc[rows, "message"] = f"no value in {column}"
    notes = []
    total = int(trainable.sum())
    for column in missing:
        count = int((trainable & missing[column]).sum())
        if not count:
            continue
        said = f"{count} of {total} train images have no {column}"
        if len(missing.columns) == 1:
            said += ": they are not learnt from"
        elif partly:
            said += ": they teach the other tasks"
        else:
            said += ": they are left out (competition.partly_labelled)"
        words = images.loc[trainable & missing[column], column].dropna().astype(str).str.strip()
        counts = words[words != ""].value_counts()
        if len(counts):
            shown = ", ".join(f"{number} {word!r}" for word, number in counts.items())
            said += f"; taken for no label: {shown}"
        notes.append(said)
    return frame, notes


def hide_test_labels(images: pd.DataFrame, tasks: Sequence[Task]) -> tuple[pd.DataFrame, list[str]]:
    """The images table without labels of test images, and a sentence where there were some.

    A sample file that stands in for a test table holds placeholders; they are no truth.
    """
    test = images["part"] == "test"
    frame = images
    found: list[str] = []
    for task in tasks:
        if task.column in images and (~is_missing(task, images.loc[test, task.column])).any():
            frame = frame.astype({task.column: object})
            frame.loc[test, task.column] = None
            found.append(task.column)
    if not found:
        return images, []
    return frame, [
        f"the test images have values in {', '.join(dict.fromkeys(found))}; they are not used, "
        "because only competition.truth: true says that they are the truth"
    ]


def _say_rows(rows: pd.DataFrame, task: Task, kind: str) -> str:
    """`5 labels of age are outside low 0 to high 100: a.jpg (-31), b.jpg (2014), ...`"""
    first = rows.head(SHOWN)
    shown = [
        f"{image_id} ({value})"
        for image_id, value in zip(first["image_id"], first[task.column], strict=True)
    ]
    more = ", ..." if len(rows) > SHOWN else ""
    labels = "1 label" if len(rows) == 1 else f"{len(rows)} labels"
    verb = "is" if len(rows) == 1 else "are"
    return f"{labels} of {task.column} {verb} {kind}: {', '.join(shown)}{more}"
