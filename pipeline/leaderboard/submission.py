"""Decided answers to the contest's own file, with its record and its line in the ledger.

Shared by the stages that answer: ensemble and stack.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.ensembling.answer_file import Column, build_answers, check_answers, write_lines
from pipeline.evaluation.decisions import score_on_test
from pipeline.experiment.work import Work
from pipeline.labels.layouts import read_csv
from pipeline.leaderboard.ledger import data_digests, file_hash, read_ledger, record_submission
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.storage import (
    display_path,
    provenance,
    read_json,
    stamp,
    write_json,
    write_table,
    write_text,
)


def check_answering(work: Work) -> None:
    """Raises ValueError when the contest's sample file lacks the columns that are to be written."""
    contest = work.settings.competition
    options = contest.submission
    read_ledger(work.runs)  # what can't be recorded is said before it is made
    if options.sample is None or options.format == "lines" or not work.runs.root.is_dir():
        return
    sample = read_csv(work.runs.root / options.sample, needs=(options.id,))
    if contest.table is not None and options.sample == contest.table.test:
        return  # the test table stands in for a sample: it has no answer column
    several = contest.answer.combine == "columns" and len(contest.answer.tasks) > 1
    names = (
        [options.columns.get(t, t) for t in contest.answer.tasks] if several else [options.column]
    )
    for name in names:
        if name not in sample.columns:
            found = ", ".join(map(repr, sample.columns))
            raise ValueError(f"submission: {options.sample} has no column {name!r}, it has {found}")


def answer_column(work: Work, space: AnswerSpace, joint: np.ndarray, decided: np.ndarray) -> Column:
    """An answer's column of the file, with what its values may be."""
    options, several = work.settings.competition.submission, space.name != "answer"
    name = options.columns.get(space.name, space.name) if several else options.column
    if options.value == "probability":
        return Column(name, joint[:, 0], bounds=(0.0, 1.0))
    if space.kind == "regression":
        return Column(name, decided, bounds=(space.tasks[0].low, space.tasks[0].high))
    if options.value == "label":
        words = np.array(space.classes, dtype=object)
        return Column(name, words[decided], allowed=set(space.classes))
    return Column(name, decided, allowed=set(range(len(space.classes))))


def score_labelled(
    work: Work, space: AnswerSpace, seen: np.ndarray, *, test: pd.DataFrame
) -> dict[str, dict]:
    """`test`: the score of what the metric looks at (N,) on labelled test images, where the
    contest gives such labels."""
    try:
        score = score_on_test(work, space, seen, test=test)
    except ValueError as error:  # a column of place-holders must not cost the answer file
        print(f"the test labels are not used: {error}")
        score = None
    return {} if score is None else {"test": score}


def write_submission(
    work: Work,
    path: Path,
    columns: Sequence[Column],
    *,
    image_ids: Sequence[str],
    parts: Sequence[Mapping[str, Any]],
    test: pd.DataFrame,
    recipe: Mapping[str, Any],
) -> list[str]:
    """The answer file, its record (`parts`: one an answer, with its OOF score and decision), its
    line in the ledger, and last its mark; sentences that say so."""
    frame = _write_answers(work, path, list(image_ids), columns)
    record = {
        "submission": path.name,
        "sha256": file_hash(path),
        "answers": len(frame),
        "of": "test images" if len(test) else "train images, out of fold",
        "prior_answers": test.loc[test["row"] < 0, "image_id"].tolist(),
        "oof": parts[0]["oof"],  # of the first answer, where there are several columns
        "decision": parts[0]["decision"],
        "parts": list(parts),
        **recipe,
        "settings": work.settings.model_dump(mode="json"),  # all that reproduce needs
        "fixes": work.runs.fixes_digest,
        "data": data_digests(work.runs),
        "provenance": provenance(work.command, device=_device(work)),
    }
    write_json(path.with_suffix(".json"), record)
    recorded = record_submission(work, path, record)
    stamp(path, recipe)
    beside = display_path(path.with_suffix(".json"))
    return [
        f"wrote {len(frame)} answers to {display_path(path)} and their record to {beside}",
        *recorded,
    ]


def _write_answers(
    work: Work, path: Path, image_ids: list[str], columns: Sequence[Column]
) -> pd.DataFrame:
    """The contest's own table, checked against its sample file, and written in its format."""
    options, sample_ids = work.settings.competition.submission, None
    if options.sample is not None:
        sample = read_csv(work.runs.root / options.sample, needs=(options.id,))
        sample_ids = sample[options.id].tolist()
    named = {"sample_ids": sample_ids, "id_column": options.id}
    frame = build_answers(image_ids, columns, **named)
    check_answers(frame, columns, **named)
    if options.format == "lines":
        write_text(path, write_lines(frame, columns[0].name))
    else:
        write_table(path, frame, exact=True)
    return frame


def _device(work: Work) -> str:
    """What the members were trained on last, as their provenance says."""
    if not work.runs.provenance.exists():
        return work.settings.device
    return read_json(work.runs.provenance)["runs"][-1]["device"]
