"""OOF answers as a file of the contest, and the score of what that file says.

The score that is recorded beside a submission is that of values that went through the same writer:
rounded where answers are rounded, 0 or 1 where the submission holds 0 or 1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.evaluation.decisions import score_with_interval
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.labels.kinds import COLUMN_A_CLASS
from pipeline.labels.tasks import is_labelled, label_texts
from pipeline.leaderboard.answer_format import AnswerFormat
from pipeline.leaderboard.answer_table import read_answer_table, write_answer_table
from pipeline.leaderboard.row_form import RowForm
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.bootstrap import drawn_values, percentiles
from pipeline.metrics.score_rows import EvaluationSplit, EvaluationTarget
from pipeline.storage import write_table


@dataclass(frozen=True)
class DecidedAnswer:
    """One answer of the contest: of the images to be answered (M), and out of fold (N).

    `joint` and `oof_joint` are probabilities or values (M, C) and (N, C), `decided` and
    `oof_decided` the answers (M,) and (N,); `record` says how they were decided, and its `oof` is
    the score before anything was written.
    """

    space: AnswerSpace
    joint: np.ndarray
    decided: np.ndarray
    oof_joint: np.ndarray
    oof_decided: np.ndarray
    record: Mapping[str, Any]


def oof_path(submission: Path) -> Path:
    """The OOF answers in the submission's format, beside it: `masks.oof.csv`."""
    return submission.with_name(f"{submission.stem}.oof{submission.suffix}")


def oof_probs_path(submission: Path) -> Path:
    """The ids, folds, truths and probabilities behind the OOF answers: `masks.oof-probs.csv`."""
    return submission.with_name(f"{submission.stem}.oof-probs.csv")


def is_oof_file(path: Path) -> bool:
    """Whether a file beside submissions is one of OOF answers, which nobody hands in."""
    return path.stem.endswith((".oof", ".oof-probs"))


def write_oof(
    submission: Path,
    answers: Sequence[DecidedAnswer],
    formats: Sequence[AnswerFormat],
    evaluation: EvaluationSet,
    *,
    id_column: str,
    rows: RowForm | None = None,
    separator: str = ",",
) -> None:
    """Writes the OOF answers in the submission's format, and a second file with what is behind."""
    columns = []
    for one, answer in zip(formats, answers, strict=True):
        columns += one.write(answer.oof_joint, answer.oof_decided)
    ids = evaluation.images["image_id"]
    write_answer_table(
        oof_path(submission), ids, columns, id_column=id_column, rows=rows, separator=separator
    )
    write_table(oof_probs_path(submission), _probs_table(answers, evaluation))


def score_oof(
    submission: Path,
    formats: Sequence[AnswerFormat],
    evaluation: EvaluationSet,
    *,
    id_column: str,
    rows: RowForm | None = None,
) -> tuple[list[dict], dict]:
    """Each answer's score of what the OOF file says, and the one that is recorded.

    Of several answers with one metric the recorded score is their mean; with several metrics it is
    the first answer's.
    """
    targets = [evaluation.of_space(one.space) for one in formats]
    seen = read_seen(oof_path(submission), formats, id_column=id_column, rows=rows)
    scores = [
        score_with_interval(target, answer, split=evaluation.split)
        for target, answer in zip(targets, seen, strict=True)
    ]
    metrics = {target.metric_name for target in targets}
    if len(scores) > 1 and len(metrics) == 1:
        return scores, mean_score(targets, seen, split=evaluation.split)
    return scores, scores[0]


def read_seen(
    path: Path,
    formats: Sequence[AnswerFormat],
    *,
    id_column: str,
    image_ids: Sequence[str] | None = None,
    rows: RowForm | None = None,
) -> list[np.ndarray]:
    """What each answer's metric looks at in an answer file: (N,) or (N, C) each.

    The rows are in the file's order, or in that of `image_ids`.
    """
    names = [name for one in formats for name in one.columns]
    table = read_answer_table(path, names, id_column=id_column, rows=rows)
    if image_ids is not None and path.suffix != ".txt":
        table = table.loc[list(image_ids)]
    return [one.seen(one.read(table)) for one in formats]


def mean_score(
    targets: Sequence[EvaluationTarget],
    seen: Sequence[np.ndarray],
    *,
    split: EvaluationSplit,
) -> dict:
    """The mean of one metric over several answers, with its interval; the same people are drawn
    for all."""
    draws, values = [], []
    for target, answer in zip(targets, seen, strict=True):
        draws += list(
            drawn_values(
                target.metric,
                target.truth,
                [answer],
                person_ids=split.person_ids,
                group=target.group,
                num_draws=split.num_draws,
                seed=0,
            )
        )
        values.append(target.metric.compute(target.truth, answer, target.group))
    low, high = percentiles(np.mean(draws, axis=0))
    value = float(np.mean(values))
    score = {"metric": targets[0].metric_name, "value": value, "low": low, "high": high}
    per = {"per": split.per} if split.per else {}
    return {**score, "mean_of": len(values), **split.counts, "unit": split.unit, **per}


def _probs_table(answers: Sequence[DecidedAnswer], evaluation: EvaluationSet) -> pd.DataFrame:
    """A row a held-out image: id, person, fold, and of each answer truth, answer, probabilities."""
    table = evaluation.images[["image_id", "person_id"]].copy()
    table["fold"] = evaluation.split.folds
    for answer in answers:
        space = answer.space
        truth = evaluation.of_space(space).truth
        table[f"{space.name}.truth"] = _words(space, truth)
        table[f"{space.name}.oof"] = _words(space, answer.oof_decided)
        for place, name in enumerate(_prob_columns(space)):
            table[name] = answer.oof_joint[:, place]
    return table


def _prob_columns(space: AnswerSpace) -> list[str]:
    if space.kind in COLUMN_A_CLASS:
        return [f"{space.name}.{word}" for word in space.classes]
    return [f"{space.name}.{'probability' if space.kind == 'binary' else 'value'}"]


def _words(space: AnswerSpace, values: np.ndarray) -> np.ndarray:
    """Truths or answers (N,) as class names, None for a missing label, several labels (N, C) as
    their text; numbers stay numbers."""
    if space.kind == "regression":
        return values
    if space.kind == "multilabel":
        return label_texts(space.tasks[0], values)
    known = is_labelled(values)
    words = np.full(len(values), None, dtype=object)
    words[known] = np.array(space.classes, dtype=object)[values[known].astype(np.int64)]
    return words
