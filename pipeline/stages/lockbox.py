"""lockbox: the people that no fold held are scored by the trained cells; every look is counted.

OOF chose the recipe, the epoch, the weights and the layers, so it flatters them. The lockbox chose
nothing: look once, when all is chosen.
"""

import pandas as pd

from pipeline.config import Experiment
from pipeline.evaluation.answer_rows import pool_new
from pipeline.evaluation.lockbox_scores import ensemble_scores, say_lockbox, score_lockbox
from pipeline.experiment.cells import answering_cells, used_members
from pipeline.experiment.device import choose_device
from pipeline.experiment.grouping import read_grouping
from pipeline.experiment.lockbox import (
    describe_openings,
    describe_use,
    read_lockbox,
    record_opening,
)
from pipeline.experiment.member_context import member_context
from pipeline.experiment.predict import predict_cells
from pipeline.experiment.work import Work
from pipeline.faces.crop_store import open_crops
from pipeline.features.stack.predictor import StackPredictor
from pipeline.inference.choice import is_stacked
from pipeline.leaderboard.written_values import written_by
from pipeline.storage import Runs, display_path, read_json, write_json

Tables = dict[str, pd.DataFrame]


def check(work: Work) -> None:
    """Raises ValueError for an experiment whose folds hold everybody."""
    if not work.settings.folds.lockbox:
        raise ValueError(
            f"lockbox: the folds of {work.settings.name} hold everybody, so nobody is left to look "
            "at; folds.lockbox: 0.15 in a copy of the config under a new name keeps 15 % back"
        )


def run(work: Work) -> None:
    """Scores the lockbox, records that it was opened, and prints both scores."""
    images = read_lockbox(work.runs)
    if (images["row"] < 0).any():
        raise ValueError("lockbox: an image without a crop is in it; remove the folds and split")
    tables = _predict(work.settings, work.runs, images)
    use = record_opening(work.runs)  # before the score is shown: a look can't be taken back
    scores = ensemble_scores(work.settings, work.runs, images, tables, writer_of=written_by)
    if is_stacked(work.settings, work.runs):
        scores += _stack_scores(work.settings, work.runs, images, tables)
    facts = {"scores": scores, "openings": use.openings, "experiments": use.experiments}
    write_json(work.runs.lockbox_scores, facts)
    for score in scores:
        print(f"lockbox: {say_lockbox(score)}")
    print(f"lockbox: {describe_openings(use)}, {describe_use(use)}")
    unit = read_grouping(work.runs).unit
    if unit != "people":  # folds by label do no harm here: the lockbox holds whole people
        print(
            f"lockbox: its {unit} are told apart as in the folds, so its score is "
            "too good, as theirs are, if people come twice"
        )
    print(f"lockbox: wrote {display_path(work.runs.lockbox_scores)}")


def _predict(settings: Experiment, runs: Runs, images: pd.DataFrame) -> Tables:
    """All cells' predictions of the lockbox, as infer makes those of test images."""
    device, precision = choose_device(settings)
    tables = {}
    for member in used_members(settings):
        tables[member] = predict_cells(
            runs,
            member_context(settings, member),
            answering_cells(settings, member),
            images,
            crops=open_crops(runs.crops_of(member)),
            settings=settings,
            what="lockbox images",
            device=device,
            precision=precision,
        )
    return tables


def _stack_scores(
    settings: Experiment, runs: Runs, images: pd.DataFrame, tables: Tables
) -> list[dict]:
    """The same by the layers that stack kept; pooling, which needs clusters, is left out."""
    record = read_json(runs.stacked.with_suffix(".json"))
    oof = {part["answer"]: part["oof"] for part in record["parts"]}
    stacked = StackPredictor(settings, runs)
    tables, images = pool_new(settings, tables, images, rules=stacked.pooling)
    per = settings.competition.answered_per if stacked.pooling else ""
    probs, decided = stacked.answer(tables, images["image_id"])
    wanted = settings.ensemble.threshold
    threshold = 0.5 if wanted == "oof" else wanted
    unit = read_grouping(runs).unit
    write = written_by(settings, runs, stacked.evaluation)
    scores = []
    for space in stacked.spaces:
        joint, answers = probs[space.name], decided.get(space.name)  # where a layer decides
        if answers is None:
            answers = space.decide(joint, threshold=threshold)
        seen = write(space, joint, answers)
        draws = settings.bootstrap
        locked = score_lockbox(space, seen, images, unit=unit, num_draws=draws, per=per)
        found = {"source": "stack", "answer": space.name, "lockbox": locked}
        scores.append({**found, "oof": oof[space.name]})
    return scores
