"""lockbox: the people that no fold held are scored by the trained cells; every look is counted.

OOF chose the recipe, the epoch, the weights and the layers, so it flatters them. The lockbox chose
nothing: look once, when all is chosen. against=OTHER also says how much better the experiment is
there than another one, of the same folds, whose lockbox was opened; paired by people.
"""

from collections.abc import Sequence

import pandas as pd

from pipeline.config import Experiment
from pipeline.config.types import nearest
from pipeline.console.installation import COMMAND
from pipeline.evaluation.answer_rows import pool_new
from pipeline.evaluation.candidates import trained_settings
from pipeline.evaluation.lockbox_scores import (
    ENSEMBLE,
    LockboxAnswer,
    ensemble_answers,
    lockbox_truth,
    say_lockbox,
)
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
from pipeline.metrics.answer_space import ANSWER
from pipeline.metrics.paired import say_difference
from pipeline.storage import Runs, display_path, read_json, read_table, write_json, write_table

Tables = dict[str, pd.DataFrame]


def check(work: Work) -> None:
    """Raises ValueError for an experiment whose folds hold everybody."""
    if not work.settings.folds.lockbox:
        raise ValueError(
            f"lockbox: the folds of {work.settings.name} hold everybody, so nobody is left to look "
            "at; folds.lockbox: 0.15 in a copy of the config under a new name keeps 15 % back"
        )
    if "against" in work.options:
        _read_other(work, work.options["against"])  # before the lockbox is opened


def run(work: Work) -> None:
    """Scores the lockbox, records that it was opened, and prints both scores."""
    images = read_lockbox(work.runs)
    if (images["row"] < 0).any():
        raise ValueError("lockbox: an image without a crop is in it; remove the folds and split")
    tables = _predict(work.settings, work.runs, images)
    use = record_opening(work.runs)  # before the score is shown: a look can't be taken back
    answers = ensemble_answers(work.settings, work.runs, images, tables, writer_of=written_by)
    if is_stacked(work.settings, work.runs):
        answers += _stack_answers(work.settings, work.runs, images, tables)
    scores = [answer.record for answer in answers]
    facts = {"scores": scores, "openings": use.openings, "experiments": use.experiments}
    write_table(work.runs.lockbox_answers, pd.concat([answer.table for answer in answers]))
    write_json(work.runs.lockbox_scores, facts)
    for score in scores:
        print(f"lockbox: {say_lockbox(score)}")
    for line in _differences(work, answers):
        print(f"lockbox: {line}")
    print(f"lockbox: {describe_openings(use)}, {describe_use(use)}")
    unit = read_grouping(work.runs).unit
    if unit != "people":  # folds by label do no harm here: the lockbox holds whole people
        print(
            f"lockbox: its {unit} are told apart as in the folds, so its score is "
            "too good, as theirs are, if people come twice"
        )
    print(f"lockbox: wrote {display_path(work.runs.lockbox_scores)}")


def _differences(work: Work, answers: Sequence[LockboxAnswer]) -> list[str]:
    """Each answer beside the other experiment's ensemble, on the same people."""
    other = work.options.get("against")
    if other is None:
        return []
    rows = _read_other(work, other)
    said = []
    for answer in answers:
        name = work.settings.name + ("" if answer.source == ENSEMBLE else f"-{answer.source}")
        what = "" if answer.answer == ANSWER else f"{answer.answer}: "
        gain = answer.gain_over(rows[rows["answer"] == answer.answer])
        said.append(what + say_difference(other, name, gain))
    return said


def _read_other(work: Work, name: str) -> pd.DataFrame:
    """What the other experiment's ensemble answered. Raises ValueError where it never opened this
    lockbox, or before its answers were kept."""
    runs = work.runs
    path = runs.of_experiment(name) / runs.lockbox_answers.name
    other = trained_settings(work.settings, runs, name)
    if other is None:
        known = sorted(p.parent.name for p in runs.of_experiment("").glob(f"*/{path.name}"))
        raise ValueError(
            f"lockbox: against: nothing trained is called {name!r}{nearest(name, known)} lockboxes "
            f"were opened by: {', '.join(known) or 'none'}"
        )
    if Runs(other).lockbox != runs.lockbox:
        raise ValueError(
            f"lockbox: against: {name} has other folds, which hold nobody or other people back"
        )
    if not path.exists():
        raise ValueError(
            f"lockbox: against: {name} has not opened the lockbox; first {COMMAND} lockbox "
            f"{other.as_typed}"
        )
    table = read_table(path)
    return table[table["source"] == ENSEMBLE]


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


def _stack_answers(
    settings: Experiment, runs: Runs, images: pd.DataFrame, tables: Tables
) -> list[LockboxAnswer]:
    """The same by the layers that stack kept; pooling, which needs clusters, is left out."""
    record = read_json(runs.stacked.with_suffix(".json"))
    oof = {part["answer"]: part["oof"] for part in record["parts"]}
    stacked = StackPredictor(settings, runs)
    tables, images = pool_new(settings, tables, images, rules=stacked.pooling)
    per = settings.competition.answered_per if stacked.pooling else ""
    probs, decided = stacked.answer(tables, images["image_id"])
    wanted = settings.ensemble.threshold
    threshold = 0.5 if wanted == "oof" else wanted
    unit, draws = read_grouping(runs).unit, settings.bootstrap
    write = written_by(settings, runs, stacked.evaluation)
    found = []
    for space in stacked.spaces:
        joint, answers = probs[space.name], decided.get(space.name)  # where a layer decides
        if answers is None:
            answers = space.decide(joint, threshold=threshold)
        found.append(
            LockboxAnswer(
                source="stack",
                answer=space.name,
                truth=lockbox_truth(space, images, unit=unit, num_draws=draws, per=per),
                ids=images["image_id"],
                seen=write(space, joint, answers),
                oof=oof[space.name],
            )
        )
    return found
