"""Doubted labels in the words of a file of fixes: what stands there, what should, and why."""

import numpy as np
import pandas as pd

from pipeline.labels.fixes import FIX_COLUMNS
from pipeline.labels.tasks import Task
from pipeline.storage import Runs, display_path, is_fresh, stamp, write_table
from pipeline.storage.digests import file_sha256


def write_fixes(runs: Runs, table: pd.DataFrame) -> list[str]:
    """Writes the fixes of a table of doubts and gives the sentences that say how to use them.

    A file that was edited since the last audit is left alone; fixes-new.csv is written beside it.
    """
    chosen = table[table["in_fixes"]].drop_duplicates(["image_id", "person_id", "column"])
    frame = chosen.assign(value=chosen["suggested"])[list(FIX_COLUMNS)]
    path = runs.audited("fixes.csv")
    lines = []
    if path.exists() and not is_fresh(path, file_sha256(path)):
        lines = [f"  {display_path(path)} was edited since and stays; the new one is fixes-new.csv"]
        path = runs.audited("fixes-new.csv")
    write_table(path, frame)
    stamp(path, file_sha256(path))
    if not len(frame):
        return [*lines, f"  no label is doubted surely enough: {display_path(path)} is empty"]
    return [
        *lines,
        f"  {display_path(path)} holds {len(frame):,} fixes, which nothing applies by "
        "itself: look at "
        f"labels.png, delete the lines that you don't believe, name the file as fixes: in the "
        f"competition file, give the experiment a new name, train it, and compare both",
    ]


def put_into_words(
    doubts: pd.DataFrame, *, task: Task, images: pd.DataFrame, judged_by: str
) -> pd.DataFrame:
    """The doubts (their `place` is a row of the images) with given and suggested as the label's
    column has them, the reason, and the row of the crop to show."""
    seen = images.iloc[doubts["place"].to_numpy()]
    given = seen[task.column].to_numpy()
    column = images[task.column]
    suggested = [
        _as_label(task, code, own, column)
        for code, own in zip(doubts["suggested"], given, strict=True)
    ]
    words = doubts.assign(
        task=task.name,
        column=task.column,
        given=[f"{value:g}" if isinstance(value, float) else str(value) for value in given],
        suggested=suggested,
        likelier=doubts["suggested"].to_numpy(),
        row=seen["row"].to_numpy(),
    )
    reasons = [_reason(task, doubt, judged_by) for doubt in words.to_dict("records")]
    return words.assign(reason=reasons).reset_index(drop=True)


def say_label_counts(task: Task, codes: pd.Series) -> str:
    """How many images have which label: `male 3, female 4`."""
    counts = codes.value_counts()
    known = counts.index
    words = [
        f"{code:g}" if task.kind == "regression" else task.classes[int(code)] for code in known
    ]
    return ", ".join(f"{word} {count}" for word, count in zip(words, counts, strict=True))


def _reason(task: Task, doubt: dict, judged_by: str) -> str:
    many = f" on {doubt['images']} images" if doubt["images"] > 1 else ""
    sure = f"{doubt['self_confidence']:.3f}"
    what = (
        f"an error so large has p {sure}"
        if task.kind == "regression"
        else f"the label has p {sure}"
    )
    if task.edges and task.kind != "regression":
        what += f", {task.classes[int(doubt['likelier'])]} is likelier"
    varied = f"labels vary ({doubt['note']}); " if doubt["note"] else ""
    return f"{varied}by {judged_by}{many} {what}"


def _as_label(task: Task, code: float, given: object, column: pd.Series) -> str:
    """A suggestion as the column has its values; of a bin the value that is nearest the given."""
    if task.kind != "regression" and not task.edges:
        return task.classes[int(code)]
    numbers = pd.to_numeric(column, errors="coerce")
    whole = bool((numbers % 1 == 0).all())
    if task.kind == "regression":
        value = float(np.clip(code, task.low, task.high))
        return f"{round(value)}" if whole else f"{value:.4g}"
    step = 1.0 if whole else 0.01
    low = task.edges[int(code) - 1] if code > 0 else -np.inf
    high = task.edges[int(code)] - step if code < len(task.edges) else np.inf
    return f"{np.clip(float(str(given)), low, high):g}"
