"""A metric of the user's own: a Python function of two tables, as in Kaggle's metric notebooks.

The file defines `higher_is_better = True` (or False) and

    def score(solution, submission, row_id_column_name): ...

Both tables have the contest's own id and answer columns, so a metric notebook's code can be used as
it is. Its rows are not in the order of the contest's file, but both tables have the same order.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pipeline.labels.kinds import KINDS
from pipeline.metrics.metric import Metric


@dataclass(frozen=True)
class AnswerForm:
    """How answers look in the contest's file."""

    id_column: str
    columns: tuple[str, ...]  # one; or one a class, for probabilities of several classes
    classes: tuple[str, ...] = ()  # the words that stand for class numbers; () for numbers
    has_probs: bool = False  # the file holds probabilities, and not decisions

    def table(self, values: np.ndarray, *, ids: np.ndarray, is_truth: bool) -> pd.DataFrame:
        """The table of truths (N,), or of answers (N,) or (N, C), in the contest's own words; of
        several labels (N, C) both have a column a label."""
        table = pd.DataFrame({self.id_column: ids})
        if is_truth and values.ndim == 1 and self.has_probs and len(self.columns) > 1:
            # 1 in the true class's column
            values = np.eye(len(self.columns))[np.asarray(values, dtype=np.int64)]
        if values.ndim == 2:
            for place, column in enumerate(self.columns):
                table[column] = values[:, place]
            return table
        column = self.columns[0]
        if self.classes:
            words = np.array(self.classes, dtype=object)
            table[column] = words[np.asarray(values, dtype=np.int64)]
        else:
            table[column] = values
        return table


def make_metric(name: str, module: Any, function: str, *, form: AnswerForm) -> Metric:
    """The metric of a loaded module. Raises ValueError for what it lacks, in a sentence."""
    score = getattr(module, function, None)
    if not callable(score):
        known = [word for word in vars(module) if callable(getattr(module, word))]
        raise ValueError(
            f"metric {name}: the file has no function {function!r}; it has {', '.join(known)}"
        )
    higher = getattr(module, "higher_is_better", None)
    if not isinstance(higher, bool):
        raise ValueError(
            f"metric {name}: the file must say `higher_is_better = True`, or False, on a line of "
            f"its own outside all functions; found {higher!r}"
        )
    return Metric(
        name=name,
        says=f"a metric of your own, {function} in {name.rpartition(':')[0]}",
        higher_is_better=higher,
        kinds=KINDS,
        function=_call(name, score, form),
        looks_at="probs" if form.has_probs else "decision",
        low=-np.inf,
        high=np.inf,
    )


def _call(
    name: str, score: Callable, form: AnswerForm
) -> Callable[[np.ndarray, np.ndarray], float]:
    def compute(truth: np.ndarray, answer: np.ndarray) -> float:
        ids = np.arange(len(truth))  # an image that is drawn twice is two rows
        solution = form.table(truth, ids=ids, is_truth=True)
        submission = form.table(answer, ids=ids, is_truth=False)
        columns = ", ".join(map(repr, submission.columns))  # the function may delete some
        try:
            value = score(solution, submission, form.id_column)
        except (
            Exception
        ) as error:  # it is somebody's code: whatever it raises is said, with its name
            raise ValueError(
                f"metric {name}: {type(error).__name__}: {error} (for {len(truth)} rows with the "
                f"columns {columns})"
            ) from error
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.inf
        if math.isinf(number):
            raise ValueError(f"metric {name}: a metric must give a number, it gave {value!r}")
        return number

    return compute
