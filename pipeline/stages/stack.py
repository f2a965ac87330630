"""stack: what helps on top of the plain mean, layer by layer, and the submission it makes.

Every layer is judged on people that it was not fitted on, and kept only where it helps.
"""

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.ensembling.predictions import Predictions
from pipeline.evaluation.candidate_predictions import answer_names
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.blend import answer_spaces, blend_spaces
from pipeline.experiment.cells import used_members
from pipeline.experiment.fingerprints import stack_key
from pipeline.experiment.images_table import read_test
from pipeline.experiment.predictions import read_predictions
from pipeline.experiment.work import Work
from pipeline.features.stack.load import gather_predictions
from pipeline.features.stack.search import search_answer_layers
from pipeline.leaderboard.oof_file import DecidedAnswer
from pipeline.leaderboard.submission import check_answering, write_submission
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.people.people import People, clusters_of, find_people
from pipeline.storage import display_path, write_json, write_table


def check(work: Work) -> None:
    """Raises ValueError for what the answer file cannot hold, or when nobody can be held out."""
    check_answering(work.settings, work.runs)
    trained = work.settings.folds.train or range(work.settings.folds.num)
    if len(set(trained)) < 2:
        raise ValueError("stack: folds.train names one fold, but layers learn from other folds")


def run(work: Work) -> None:
    settings, test = work.settings, read_test(work.runs)
    tables = {name: read_predictions(work.runs, name, "oof") for name in used_members(settings)}
    evaluation = EvaluationSet.of_tables(work.settings, work.runs, tables)
    part, images = ("test", test) if len(test) else ("oof", evaluation.images)
    tested = tables
    if part == "test":
        tested = {
            name: read_predictions(work.runs, name, "test") for name in used_members(settings)
        }
    people = _people(work) if len(test) else None  # without test images none are pooled
    rows, parts, answers = [], [], []
    nested = evaluation.images[["image_id"]].copy()  # what compare shows beside others
    for space in answer_spaces(settings):
        of_oof, of_part = (people["oof"], people[part]) if people else (None, None)
        oof = _gather(settings, space, tables, evaluation.images, people=of_oof)
        start = _gather(settings, space, tested, images, people=of_part)
        found = search_answer_layers(settings, evaluation, space, oof)
        print("\n".join(f"stack: {line}" for line in found.messages))
        rows += found.rows
        joint, decided = found.joint, found.oof_answers
        if part == "test":
            joint, _, decided = found.answer(start, plain=_plain(work, space, tested, images))
        parts.append(found.record)
        nested[answer_names(work.settings, space)] = found.joint
        nested[f"{space.name}.decided"] = found.oof_answers
        answers.append(
            DecidedAnswer(
                space=space,
                joint=joint,
                decided=decided,
                oof_joint=found.joint,
                oof_decided=found.oof_answers,
                record=found.record,
            )
        )
    table, facts = work.runs.stack("stack.csv"), work.runs.stack("stack.json")
    write_table(table, pd.DataFrame(rows))
    write_table(work.runs.stack("stack_oof.parquet"), nested)
    write_json(facts, {"parts": parts, "people": people["test"].facts if people else None})
    written = write_submission(
        work.settings,
        work.runs,
        work.runs.stacked,
        answers,
        evaluation=evaluation,
        test=test,
        recipe=stack_key(settings, work.runs),
        command=work.command,
    )
    print(f"stack: the table is in {display_path(table)}, what was learnt in {display_path(facts)}")
    print("\n".join(f"stack: {line}" for line in written))


def _gather(
    settings: Experiment,
    space: AnswerSpace,
    tables: dict[str, pd.DataFrame],
    images: pd.DataFrame,
    *,
    people: People | None,
) -> Predictions:
    """Every head's predictions of these images, with who is whom where that is known."""
    ids = images["image_id"]
    clusters = None if people is None else clusters_of(people.table, ids)
    return gather_predictions(
        tables, image_ids=ids, space=space, settings=settings, clusters=clusters
    )


def _plain(work: Work, space: AnswerSpace, tables: dict, images: pd.DataFrame) -> np.ndarray:
    """What ensemble's mean says (N, C): the same to the last digit, where no layer is kept."""
    ids, settings = images["image_id"], work.settings
    if settings.ensemble.method not in ("mean", "weighted"):
        mean = settings.ensemble.model_copy(update={"method": "mean", "weights": None})
        settings = settings.model_copy(update={"ensemble": mean})
    return blend_spaces(tables, image_ids=ids, part="test", settings=settings)[space.name]


def _people(work: Work) -> dict[str, People] | None:
    """Whose images go together in both parts; None where nothing is pooled."""
    tasks = [task for space in answer_spaces(work.settings) for task in space.tasks]
    if "pooling" not in work.settings.stack.layers or not any(task.constant for task in tasks):
        return None
    people = find_people(work.settings, work.runs)
    print(f"stack: {people['test'].said}")
    return people if people["test"].used else None
