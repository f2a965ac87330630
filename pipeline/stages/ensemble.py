"""ensemble: the named members' predictions become the contest's answer file and its record."""

import hashlib

import numpy as np
import pandas as pd

from pipeline.ensembling.answer_file import build_answers, check_answers
from pipeline.labels.layouts import read_csv
from pipeline.runs import mark, provenance, shown, write_json, write_table
from pipeline.scoring.intervals import person_interval
from pipeline.stages import Work
from pipeline.stages.blend import AnswerSpace, blend_all
from pipeline.stages.infer import read_predictions
from pipeline.stages.members import (
    contest_tasks,
    read_labelled,
    read_test,
    targets_of,
)
from pipeline.stages.progress import ensemble_recipe, used_members


def run(work: Work) -> None:
    settings, tasks = work.settings, contest_tasks(work.settings)
    space = AnswerSpace(settings, tasks)
    blended = {}
    for part in ("oof", "test"):
        tables = {name: read_predictions(work, name, part) for name in used_members(settings)}
        ids = sorted(set(next(iter(tables.values()))["image_id"]))
        probs = blend_all(tables, image_ids=ids, tasks=tasks, part=part, settings=settings)
        blended[part] = (ids, space.probs(probs) if ids else np.zeros((0, len(space.classes))))
    oof = _score(work, space, *blended["oof"])
    test = read_test(work.runs)
    part = "test" if len(test) else "oof"
    answers = _answers(work, space, *blended[part])
    write_table(work.runs.submission, answers)
    record = {
        "submission": work.runs.submission.name,
        "sha256": hashlib.sha256(work.runs.submission.read_bytes()).hexdigest(),
        "answers": len(answers),
        "of": "test pictures" if part == "test" else "train pictures, out of fold",
        "prior_answers": test.loc[test["row"] < 0, "image_id"].tolist(),
        "oof": oof,
        "decision": "likeliest class" if len(space.classes) else "value",
        **ensemble_recipe(work),
        "provenance": provenance(work.command, device=settings.device),
    }
    write_json(work.runs.submission_record, record)
    mark(work.runs.submission, ensemble_recipe(work))
    print(
        f"ensemble: {settings.ensemble.method} of {', '.join(used_members(settings))}, views "
        f"{', '.join(settings.infer.views)}: OOF {oof['metric']} {oof['value']:.4f} "
        f"(95 % {oof['low']:.4f}..{oof['high']:.4f}, {oof['num_images']} pictures of "
        f"{oof['num_people']} people)"
    )
    print(
        f"ensemble: wrote {len(answers)} answers to {shown(work.runs.submission)} and their record "
        f"to {shown(work.runs.submission_record)}"
    )


def _score(work: Work, space: AnswerSpace, image_ids: list[str], joint: np.ndarray) -> dict:
    """The OOF score that the submission should match, with the views and the blend it uses."""
    pictures = read_labelled(work.runs).set_index("image_id").loc[image_ids].reset_index()
    truth, answer = space.truth(targets_of(space.tasks, pictures)), space.scored(joint)
    people = pictures["person_id"].to_numpy()
    compute = space.metric.compute
    low, high = person_interval(
        compute, truth, answer, person_ids=people, num_draws=work.settings.bootstrap
    )
    return {
        "metric": space.metric_name,
        "value": compute(truth, answer),
        "low": low,
        "high": high,
        "num_images": len(truth),
        "num_people": len(set(people)),
    }


def _answers(
    work: Work, space: AnswerSpace, image_ids: list[str], joint: np.ndarray
) -> pd.DataFrame:
    """The contest's own table, checked against its sample file."""
    options = work.settings.competition.submission
    sample_ids = None
    if options.sample is not None:
        sample = read_csv(work.runs.root / options.sample, needs=(options.id,))
        sample_ids = sample[options.id].tolist()
    kind, decided = space.tasks[0].kind, space.decide(joint)
    allowed, bounds = None, None
    if options.value == "label" and kind != "number":
        values, allowed = np.array(space.classes, dtype=object)[decided], set(space.classes)
    elif options.value == "probability":
        if kind != "score":
            raise ValueError("submission.value: probability is for a task of kind score")
        values, bounds = joint[:, 0], (0.0, 1.0)
    elif kind == "number":
        values, bounds = decided, (space.tasks[0].low, space.tasks[0].high)
    else:
        values, allowed = decided, set(range(len(space.classes)))
    names = {"id_column": options.id, "answer_column": options.column}
    frame = build_answers(image_ids, values, sample_ids=sample_ids, **names)
    check_answers(frame, sample_ids=sample_ids, allowed=allowed, bounds=bounds, **names)
    return frame
