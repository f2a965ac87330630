"""ensemble: the named members' predictions become the contest's answer file and its record."""

import hashlib

import numpy as np
import pandas as pd

from pipeline.ensembling.answer_file import Column, build_answers, check_answers, write_lines
from pipeline.labels.layouts import read_csv
from pipeline.runs import mark, provenance, shown, write_json, write_table, write_text
from pipeline.scoring.answers import AnswerSpace
from pipeline.stages import Work
from pipeline.stages.blend import answer_spaces, blend_spaces
from pipeline.stages.decisions import decide_space, say_score, score_on_test
from pipeline.stages.infer import read_predictions
from pipeline.stages.members import read_test
from pipeline.stages.progress import ensemble_recipe, used_members
from pipeline.stages.questions import Questions


def check(work: Work) -> None:
    """Raises ValueError when the contest's sample file lacks the columns that are to be written."""
    contest = work.settings.competition
    options = contest.submission
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


def run(work: Work) -> None:
    settings, path = work.settings, work.runs.submission
    spaces, test = answer_spaces(settings), read_test(work.runs)
    tables = {name: read_predictions(work, name, "oof") for name in used_members(settings)}
    asked = Questions(work, held_out=set(next(iter(tables.values()))["image_id"]))
    part, ids = ("test", test["image_id"]) if len(test) else ("oof", asked.pictures["image_id"])
    given = {"part": "oof", "settings": settings}
    oof = blend_spaces(tables, image_ids=asked.pictures["image_id"], **given)
    joints = oof
    if part == "test":
        tables = {name: read_predictions(work, name, "test") for name in used_members(settings)}
        joints = blend_spaces(tables, image_ids=ids, part="test", settings=settings)
    parts, columns, said = [], [], []
    for space in spaces:
        decision = decide_space(work, asked, space, oof[space.name])
        joint, record = joints[space.name], {"answer": space.name, **decision.record}
        said += decision.said
        decided = decision.oof_answers
        if part == "test":
            decided = space.decide(joint, threshold=decision.threshold)
            scored = _test_score(work, space, joint, test=test, threshold=decision.threshold)
            record |= scored
            said += [say_score("test", score) for score in scored.values()]
        parts.append(record)
        columns.append(_column(work, space, joint, decided))
    answers = _answer_file(work, list(ids), columns)
    record = {
        "submission": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "answers": len(answers),
        "of": "test pictures" if part == "test" else "train pictures, out of fold",
        "prior_answers": test.loc[test["row"] < 0, "image_id"].tolist(),
        "oof": parts[0]["oof"],  # of the first answer, where there are several columns
        "decision": parts[0]["decision"],
        "parts": parts,
        **ensemble_recipe(work),
        "provenance": provenance(work.command, device=settings.device),
    }
    write_json(work.runs.submission_record, record)
    mark(path, ensemble_recipe(work))
    print(
        f"ensemble: {settings.ensemble.method} of {', '.join(used_members(settings))}, views "
        f"{', '.join(settings.infer.views)}: {said[0]}"
    )
    print("\n".join(f"ensemble: {line}" for line in said[1:]), end="\n" if said[1:] else "")
    print(
        f"ensemble: wrote {len(answers)} answers to {shown(path)} and their record "
        f"to {shown(work.runs.submission_record)}"
    )


def _test_score(
    work: Work, space: AnswerSpace, joint: np.ndarray, *, test: pd.DataFrame, threshold: float
) -> dict[str, dict]:
    """`test`: the score on labelled test pictures, where the contest gives such labels."""
    try:
        score = score_on_test(work, space, joint, test=test, threshold=threshold)
    except ValueError as error:  # a column of place-holders must not cost the answer file
        print(f"ensemble: the test labels are not used: {error}")
        score = None
    return {} if score is None else {"test": score}


def _column(work: Work, space: AnswerSpace, joint: np.ndarray, decided: np.ndarray) -> Column:
    """An answer's column of the file, with what its values may be."""
    options, several = work.settings.competition.submission, space.name != "answer"
    name = options.columns.get(space.name, space.name) if several else options.column
    if options.value == "probability":
        return Column(name, joint[:, 0], bounds=(0.0, 1.0))
    if space.kind == "number":
        return Column(name, decided, bounds=(space.tasks[0].low, space.tasks[0].high))
    if options.value == "label":
        words = np.array(space.classes, dtype=object)
        return Column(name, words[decided], allowed=set(space.classes))
    return Column(name, decided, allowed=set(range(len(space.classes))))


def _answer_file(work: Work, image_ids: list[str], columns: list[Column]) -> pd.DataFrame:
    """The contest's own table, checked against its sample file, and written in its format."""
    options, sample_ids = work.settings.competition.submission, None
    if options.sample is not None:
        sample = read_csv(work.runs.root / options.sample, needs=(options.id,))
        sample_ids = sample[options.id].tolist()
    named = {"sample_ids": sample_ids, "id_column": options.id}
    frame = build_answers(image_ids, columns, **named)
    check_answers(frame, columns, **named)
    if options.format == "lines":
        write_text(work.runs.submission, write_lines(frame, columns[0].name))
    else:
        write_table(work.runs.submission, frame)
    return frame
