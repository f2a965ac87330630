"""A class that a table spreads over several columns, one a class, joined to one column."""

from collections.abc import Sequence

import pandas as pd

TRUE = ("1", "1.0", "true", "yes")
FALSE = ("0", "0.0", "-1", "-1.0", "false", "no", "")


def join_one_hot(
    frame: pd.DataFrame, *, columns: Sequence[str], classes: Sequence[str], name: str
) -> pd.Series:
    """The class (N,) whose column is 1, None where none is.

    Raises ValueError naming the first image in which several columns are 1, or a value is neither
    0 nor 1.
    """
    words = frame[list(columns)].fillna("").astype(str).apply(lambda cells: cells.str.strip())
    words = words.apply(lambda cells: cells.str.casefold())
    hot = words.isin(TRUE)
    strange = ~hot & ~words.isin(FALSE)
    if strange.any(axis=None):
        row = strange.any(axis=1).to_numpy().argmax()
        column = strange.columns[strange.iloc[row].to_numpy().argmax()]
        image_id, found = frame["image_id"].iloc[row], frame[column].iloc[row]
        raise ValueError(f"tasks.{name}.columns: {image_id}: {column} is {found!r}, not 0 or 1")
    several = hot.sum(axis=1) > 1
    if several.any():
        row = several.to_numpy().argmax()
        found = ", ".join(hot.columns[hot.iloc[row].to_numpy()])
        raise ValueError(
            f"tasks.{name}.columns: {int(several.sum())} images have several classes, the first is "
            f"{frame['image_id'].iloc[row]}: {found}; a task of kind multiclass has one"
        )
    answers = pd.Series(None, index=frame.index, dtype=object)
    for column, word in zip(columns, classes, strict=True):
        answers[hot[column]] = word
    return answers
