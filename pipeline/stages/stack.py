"""stack: what helps on top of the plain mean, layer by layer, and the submission it makes.

Every layer is judged on people that it was not fitted on, and kept only where it helps.
"""

import pandas as pd

from pipeline.config import Experiment
from pipeline.ensembling.predictions import Predictions
from pipeline.evaluation.answer_rows import judge_answers
from pipeline.evaluation.candidate_predictions import answer_columns, decided_names
from pipeline.experiment.blend import answer_spaces
from pipeline.experiment.cells import used_members
from pipeline.experiment.fingerprints import stack_key
from pipeline.experiment.images_table import read_test
from pipeline.experiment.predictions import read_predictions
from pipeline.experiment.work import Work
from pipeline.features.stack.load import gather_predictions, plain_mean
from pipeline.features.stack.search import search_answer_layers
from pipeline.leaderboard.oof_file import DecidedAnswer
from pipeline.leaderboard.submission import check_answering, write_submission
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.people.people import ImageClusters, clusters_of, find_people
from pipeline.storage import Runs, display_path, write_json, write_table


def check(work: Work) -> None:
    """Raises ValueError for what the answer file cannot hold, or when nobody can be held out."""
    check_answering(work.settings, work.runs)
    trained = work.settings.folds.train or range(work.settings.folds.num)
    if len(set(trained)) < 2:
        raise ValueError("stack: folds.train names one fold, but layers learn from other folds")


def run(work: Work) -> None:
    """Searches the layers of each answer, and writes their table and the submission."""
    settings, runs = work.settings, work.runs
    members = used_members(settings)
    oof_tables = {name: read_predictions(runs, name, "oof") for name in members}
    judged = judge_answers(settings, runs, oof_tables)
    evaluation, oof_tables = judged.evaluation, judged.tables
    for note in judged.notes:
        print(f"stack: {note}")
    test = read_test(runs)
    test_tables = {}
    people = None  # without test images none are pooled
    if len(test):
        test_tables = {name: read_predictions(runs, name, "test") for name in members}
        test_tables, test = judged.of_new(test_tables, test)
        if not judged.choices:  # an answer of several images is pooled already
            people = _people(settings, runs)

    rows, parts, answers = [], [], []
    nested = evaluation.images[["image_id"]].copy()  # what compare shows beside others
    for space in answer_spaces(settings):
        known = None if people is None else people["oof"]
        oof = _gather(settings, space, oof_tables, evaluation.images, people=known)
        found = search_answer_layers(settings, evaluation, space, oof)
        print("\n".join(found.messages))
        joint, decided = found.joint, found.oof_answers  # handed in where there is no test part
        if len(test):
            known = None if people is None else people["test"]
            start = _gather(settings, space, test_tables, test, people=known)
            plain = plain_mean(settings, space, test_tables, test)
            joint, _, decided = found.answer(start, plain=plain)
        rows += found.rows
        parts.append(found.record)
        nested[answer_columns(settings, space)] = found.joint
        nested[decided_names(space)] = found.oof_answers.reshape(len(nested), -1)
        answers.append(
            DecidedAnswer(
                space=space,
                joint=joint,
                decided=decided,
                oof_joint=found.joint,
                oof_decided=found.oof_answers,
                record={**found.record, **judged.record(space)},
            )
        )
    table = runs.stack("stack.csv")
    facts = runs.stack("stack.json")
    write_table(table, pd.DataFrame(rows))
    write_table(runs.stack("stack_oof.parquet"), nested)
    write_json(facts, {"parts": parts, "people": people["test"].facts if people else None})
    written = write_submission(
        settings,
        runs,
        runs.stacked,
        answers,
        evaluation=evaluation,
        test=test,
        recipe=stack_key(settings, runs),
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
    people: ImageClusters | None,
) -> Predictions:
    """Every head's predictions of these images, with who is whom where that is known."""
    ids = images["image_id"]
    clusters = None if people is None else clusters_of(people.table, ids)
    return gather_predictions(
        tables, image_ids=ids, space=space, settings=settings, clusters=clusters
    )


def _people(settings: Experiment, runs: Runs) -> dict[str, ImageClusters] | None:
    """Whose images go together in both parts; None where nothing is pooled."""
    tasks = [task for space in answer_spaces(settings) for task in space.tasks]
    if "pooling" not in settings.stack.layers or not any(task.constant for task in tasks):
        return None
    people = find_people(settings, runs)
    print(f"stack: {people['test'].said}")
    return people if people["test"].used else None
