"""The contest's own answer file: its rows made, and checked against the contest's sample. Pure."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from pipeline.tables import check_same_ids


def build_answers(
    image_ids: Sequence[str],
    values: np.ndarray,
    *,
    sample_ids: Sequence[str] | None,
    id_column: str,
    answer_column: str,
) -> pd.DataFrame:
    """The two columns of the answer file, in the sample's order.

    Raises ValueError naming the first id that the sample has and the answers lack, or the reverse.
    """
    order = list(image_ids) if sample_ids is None else list(sample_ids)
    check_same_ids(image_ids, order, what="submission")
    answers = pd.Series(values, index=list(image_ids))
    return pd.DataFrame({id_column: order, answer_column: answers.loc[order].to_numpy()})


def check_answers(
    frame: pd.DataFrame,
    *,
    sample_ids: Sequence[str] | None,
    id_column: str,
    answer_column: str,
    allowed: Collection | None,
    bounds: tuple[float, float] | None,
) -> None:
    """Raises ValueError unless the ids are the sample's, in order, and every answer is allowed."""
    if list(frame.columns) != [id_column, answer_column]:
        raise ValueError(f"submission: columns {list(frame.columns)} are not the contest's")
    if sample_ids is not None and list(frame[id_column]) != list(sample_ids):
        raise ValueError("submission: the ids are not in the order of the contest's sample file")
    answers = frame[answer_column]
    if answers.isna().any():
        first = frame.loc[answers.isna(), id_column].iloc[0]
        raise ValueError(f"submission: {first!r} has no answer")
    wrong = ~answers.isin(list(allowed)) if allowed is not None else pd.Series(False, answers.index)
    if bounds is not None:
        wrong |= ~answers.between(*bounds)
    if wrong.any():
        row = frame[wrong].iloc[0]
        raise ValueError(
            f"submission: {row[id_column]!r} is answered {row[answer_column]}; "
            f"allowed: {sorted(allowed) if allowed is not None else bounds}"
        )
