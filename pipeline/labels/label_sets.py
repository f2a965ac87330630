"""Several labels of one image: as one text in the images table, and as 0, 1 and NaN. Pure.

A task of kind multilabel is one task with an output for each of its C labels: one column of the
images table, one head, one loss, targets and probabilities (N, C). Nothing else in the house holds
more than one task for it. Its column holds the words of the labels that are true, joined by the
task's separator, as many contests' own tables do; `?word` is a label that is not known, and the
task's word for nothing stands where all are known and none is true. An empty text is an image
without a label.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.labels.label_words import NOTHING, SEPARATOR, UNKNOWN, split_text
from pipeline.labels.one_hot import FALSE, TRUE

BLANK = ("", "nan", "na", "n/a", "null", "?")  # of a cell that holds no label, in any case


def join_label_columns(
    frame: pd.DataFrame, *, columns: Sequence[str], labels: Sequence[str], name: str
) -> pd.Series:
    """The text (N,) of labels that stand in columns of 0 and 1 (or -1 and 1); None where no cell of
    a row is filled.

    Raises ValueError naming the first image with a value that is neither.
    """
    texts = np.full(len(frame), "", dtype=object)
    num_known = np.zeros(len(frame), dtype=np.int64)
    false = [word for word in FALSE if word]
    for column, label in zip(columns, labels, strict=True):
        words = frame[column].fillna("").astype(str).str.strip().str.casefold()
        hot, blank = words.isin(TRUE), words.isin(BLANK)
        strange = ~hot & ~blank & ~words.isin(false)
        if strange.any():
            row = int(strange.to_numpy().argmax())
            raise ValueError(
                f"tasks.{name}.columns: {frame['image_id'].iloc[row]}: {column} is "
                f"{frame[column].iloc[row]!r}, not 0 or 1 (or -1 and 1)"
            )
        texts = texts + np.where(hot, f"{label}{SEPARATOR}", "").astype(object)
        texts = texts + np.where(blank, f"{UNKNOWN}{label}{SEPARATOR}", "").astype(object)
        num_known += ~blank.to_numpy()
    joined = pd.Series(texts, index=frame.index).str.removesuffix(SEPARATOR)
    joined = joined.where(joined != "", NOTHING)
    return joined.where(num_known > 0, None)


def parse_texts(
    texts: pd.Series, *, labels: Sequence[str], separator: str, nothing: str
) -> tuple[np.ndarray, dict[int, str]]:
    """The labels (N, C) of texts as 0, 1, and NaN where one is not known; and by row the first word
    that is no label, in the rows that have such a word. A missing text is a row of NaN."""
    places = {label: place for place, label in enumerate(labels)}
    found = np.zeros((len(texts), len(labels)), dtype=np.float32)
    wrong: dict[int, str] = {}
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            found[row] = np.nan
            continue
        if text.strip() == nothing:
            continue
        for word in split_text(text, separator=separator):
            if word in places:
                found[row, places[word]] = 1.0
            elif word[:1] == UNKNOWN and word[1:] in places:
                found[row, places[word[1:]]] = np.nan
            else:
                wrong.setdefault(row, word)
    return found, wrong


def write_texts(
    values: np.ndarray, *, labels: Sequence[str], separator: str, nothing: str
) -> np.ndarray:
    """The texts (N,) of labels (N, C) that are 0, 1, or NaN where one is not known: the way back
    from parse_texts. None for a row of NaN."""
    texts = np.full(len(values), None, dtype=object)
    for row, each in enumerate(np.asarray(values, dtype=np.float64)):
        if np.isnan(each).all():
            continue
        words = [
            label if value > 0.5 else f"{UNKNOWN}{label}"
            for label, value in zip(labels, each.tolist(), strict=True)
            if not value <= 0.5
        ]
        texts[row] = separator.join(words) or nothing
    return texts
