"""Other test images to a submission: crops, predictions of the trained cells, blend, file.

Nothing of the contest's own index, crops or predictions is touched. Where the images are the
contest's own test images, the bytes are those of its submission.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import Experiment, fingerprint_of
from pipeline.ensembling.answer_file import Column
from pipeline.evaluation.decisions import say_threshold
from pipeline.experiment.blend import answer_spaces, blend_spaces
from pipeline.experiment.cells import answering_cells, member_cells, used_members
from pipeline.experiment.fingerprints import ensemble_key
from pipeline.experiment.images_table import held_out, read_images_table, read_labelled
from pipeline.experiment.tasks import contest_tasks, member_tasks, targets_of
from pipeline.experiment.work import Work
from pipeline.features.hidden_test.answerable import check_answerable
from pipeline.features.hidden_test.test_part import HiddenTest, read_hidden_test
from pipeline.inference.ensemble_spec import decided_thresholds
from pipeline.inference.merge import prior_predictions
from pipeline.leaderboard.ledger import file_hash
from pipeline.leaderboard.submission import settle_rounding, write_answers
from pipeline.leaderboard.wanted_formats import answer_formats
from pipeline.preprocessing.crop_images import check_test_faces, cut_crops, find_faces
from pipeline.preprocessing.measure_images import measure_all
from pipeline.preprocessing.read_contest import check_test_images
from pipeline.storage import Runs, is_fresh, provenance, read_table, stamp, write_json, write_table
from pipeline.tables import FACES, IMAGES, PREDICTIONS, check_table


@dataclass(frozen=True)
class HiddenAnswers:
    """The file that was written, its number of answers, and sentences about it."""

    path: Path
    num_answers: int
    notes: tuple[str, ...]


def check_hidden_test(settings: Experiment, runs: Runs, place: Path) -> HiddenTest:
    """The test part, once it is sure that it can be answered.

    Raises ValueError, before anything is spent, where it can't be read, where a cell is not
    trained, or where the threshold of a binary answer is still to be chosen.
    """
    check_answerable(settings, runs, words="infer test=")
    return read_hidden_test(settings, runs, place)


def answer_hidden_test(
    work: Work, place: Path, *, made: Path | None = None, folder: Path | None = None
) -> HiddenAnswers:
    """Writes the answers to the test images of `place` in the contest's format, and their record.

    `made` is the file, submissions/NAME-FOLDERNAME.csv where it is not given. `folder` is where
    crops and predictions are kept, runs/NAME/tests/ where not given: a second call goes on there.
    Raises ValueError as check_hidden_test.
    """
    test = check_hidden_test(work.settings, work.runs, place)
    settings, runs = work.settings, work.runs
    recipe = fingerprint_of([*_cuts(settings), test.fingerprint])
    kept = (folder or runs.test_folder("")) / f"{test.name}-{recipe}"
    inside = replace(work, runs=runs.of_test(kept, root=test.root))
    images = _crop(inside, test)
    asked = images[~images["status"].isin(("junk", "unlisted"))].reset_index(drop=True)
    labelled = read_labelled(runs)
    tables = {
        name: _predict(settings, inside.runs, name, asked, kept, labelled=labelled)
        for name in used_members(settings)
    }
    path = made or runs.test_submission(test.name)
    num_answers, decisions = _write(work.settings, work.runs, path, test, tables, asked["image_id"])
    unseen = asked.loc[asked["row"] < 0, "image_id"].tolist()
    notes = list(test.notes)
    if unseen:
        notes.append(f"{len(unseen)} images can't be read and got the prior: {unseen[0]} ...")
    record = {
        "submission": path.name,
        "sha256": file_hash(path),
        "answers": num_answers,
        "of": "other test images",
        "test": str(test.place),
        "prior_answers": unseen,
        "decisions": decisions,
        **ensemble_key(settings),
        "settings": settings.model_dump(mode="json"),
        "provenance": provenance(work.command, device=settings.device),
    }
    write_json(path.with_suffix(".json"), record)
    return HiddenAnswers(path, num_answers, tuple(notes))


def _cuts(settings: Experiment) -> list[dict]:
    """How faces are found and cut, for the experiment and for members with their own crops."""
    cuts = [settings.crop.model_dump(mode="json")]
    for name in settings.members:
        own = settings.member_crop(name).model_dump(mode="json")
        if own not in cuts:
            cuts.append(own)
    return cuts


def _crop(inside: Work, test: HiddenTest) -> pd.DataFrame:
    """The part's images with the row of each crop, -1 for one that can't be read."""
    runs = inside.runs
    if not runs.images.exists():
        images = measure_all(inside, test.images)
        most = inside.settings.competition.missing_test
        check_test_images(images, root=test.root, most=most)  # now those too that can't be opened
        write_table(runs.images, check_table(images, IMAGES))
    images = check_table(read_table(runs.images), IMAGES)
    if not runs.faces.exists():
        find_faces(inside, images)
    faces = check_table(read_table(runs.faces), FACES)
    check_test_faces(inside.settings.competition, images, faces, root=inside.runs.root)
    cut_crops(inside, images, faces)
    return read_images_table(runs)


def _predict(
    settings: Experiment,
    runs: Runs,
    name: str,
    asked: pd.DataFrame,
    kept: Path,
    *,
    labelled: pd.DataFrame,
) -> pd.DataFrame:
    """A member's predictions of these images: all its answering cells and views.

    `runs` has the crops of the other test images, `labelled` are the contest's own train images,
    whose mean answers what can't be read.
    """
    from pipeline.experiment.device import choose_device
    from pipeline.experiment.member_context import member_context
    from pipeline.experiment.predict import predict_cells
    from pipeline.faces.crop_store import open_crops

    cells = answering_cells(settings, name)
    weights = [runs.weights(cell).stat().st_mtime_ns for cell in cells]
    recipe = [[cell.name for cell in cells], weights, list(settings.tta)]
    path = kept / f"{name}.parquet"
    if is_fresh(path, recipe):
        return read_table(path)
    device, precision = choose_device(settings)
    seen, unseen = asked[asked["row"] >= 0], asked[asked["row"] < 0]
    frames = []
    if len(seen):
        frames.append(
            predict_cells(
                runs,
                member_context(settings, name),
                cells,
                seen.reset_index(drop=True),
                crops=open_crops(runs.crops_of(name)),
                settings=settings,
                what="test images",
                device=device,
                precision=precision,
            )
        )
    if len(unseen):
        prior = prior_predictions(
            member_tasks(settings, settings.members[name]),
            cells,
            views=settings.tta,
            image_ids=unseen["image_id"],
            labelled=labelled,
        )
        frames.append(prior)
    write_table(path, check_table(pd.concat(frames, ignore_index=True), PREDICTIONS))
    stamp(path, recipe)
    return read_table(path)  # as it is stored: the same whether it was made now or before


def _write(
    settings: Experiment,
    runs: Runs,
    path: Path,
    test: HiddenTest,
    tables: dict[str, pd.DataFrame],
    image_ids: pd.Series,
) -> tuple[int, dict[str, str]]:
    """Writes the file; its number of answers, and how each answer was decided."""
    thresholds = decided_thresholds(settings, runs)
    blended = blend_spaces(tables, image_ids=image_ids, part="test", settings=settings)
    truths = _held_truths(settings, runs)
    columns: list[Column] = []
    decisions = {}
    for one in answer_formats(settings, test.sample):
        name = one.space.name
        threshold = thresholds.get(name, 0.5)
        decided = one.space.decide(blended[name], threshold=threshold)
        settled = settle_rounding(one, truth=truths[name])
        columns += settled.write(blended[name], decided)
        decisions[name] = settled.value
        if one.space.kind in ("binary", "multilabel"):
            decisions[name] += f", {say_threshold(one.space, threshold)}"
    num_answers = write_answers(
        path,
        columns,
        image_ids=image_ids,
        sample=test.answered,
        id_column=settings.competition.submission.id,
    )
    return num_answers, decisions


def _held_truths(settings: Experiment, runs: Runs) -> dict[str, np.ndarray]:
    """By answer, the labels (N,) of the images that a fold held out, as the scores are of them."""
    images = read_labelled(runs)
    folds = {cell.fold for cell in member_cells(settings, used_members(settings)[0])}
    is_held = np.zeros(len(images), dtype=bool)
    for fold in folds:
        is_held |= held_out(settings, images, fold).to_numpy()
    targets = targets_of(contest_tasks(settings), images[is_held].reset_index(drop=True))
    return {space.name: space.truth(targets) for space in answer_spaces(settings)}
