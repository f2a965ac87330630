"""Other test images to a submission: crops, predictions of the trained cells, blend, file.

Nothing of the contest's own index, crops or predictions is touched. Where the images are the
contest's own test images, the bytes are those of its submission.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.config import Experiment, fingerprint_of
from pipeline.ensembling.answer_file import Column
from pipeline.evaluation.answer_rows import pool_new
from pipeline.experiment.blend import answer_spaces, blend_spaces
from pipeline.experiment.cells import answering_cells, member_cells, used_members
from pipeline.experiment.fingerprints import ensemble_key, stack_key
from pipeline.experiment.images_table import held_out, read_images_table, read_labelled
from pipeline.experiment.tasks import contest_tasks, member_tasks, targets_of
from pipeline.experiment.work import Work
from pipeline.features.hidden_test.answerable import check_answerable
from pipeline.features.hidden_test.hidden_record import free_path, record_hidden
from pipeline.features.hidden_test.test_part import HiddenTest, read_hidden_test
from pipeline.inference.choice import STACK, left_out
from pipeline.inference.ensemble_spec import decided_pooling, decided_thresholds
from pipeline.inference.merge import prior_predictions, say_prior
from pipeline.labels.answer_groups import group_rows, is_grouped
from pipeline.leaderboard.submission import settle_rounding, write_answers
from pipeline.leaderboard.wanted_formats import answer_formats
from pipeline.preprocessing.crop_images import check_test_faces, cut_crops, find_faces
from pipeline.preprocessing.measure_images import measure_all
from pipeline.preprocessing.unseen_images import check_test_images
from pipeline.storage import Runs, is_fresh, provenance, read_table, stamp, write_json, write_table
from pipeline.storage.digests import file_sha256
from pipeline.tables import FACES, IMAGES, PREDICTIONS, check_table

if TYPE_CHECKING:  # it imports torch
    from pipeline.inference.face_predictor import StackLayers


@dataclass(frozen=True)
class HiddenAnswers:
    """The file that was written, its number of answers, and sentences about it."""

    path: Path
    num_answers: int
    notes: tuple[str, ...]
    stacked: Path | None = None  # the answers of the layers that stack kept


def check_hidden_test(settings: Experiment, runs: Runs, place: Path) -> HiddenTest:
    """The test part, once it is sure that it can be answered.

    Raises ValueError, before anything is spent, where it can't be read, where a cell is not
    trained, or where the threshold of a binary answer is still to be chosen.
    """
    check_answerable(settings, runs, words="infer test=")
    return read_hidden_test(settings, runs, place)


def answer_hidden_test(
    work: Work,
    place: Path,
    *,
    made: Path | None = None,
    folder: Path | None = None,
    stack: "StackLayers | None" = None,
) -> HiddenAnswers:
    """Writes the answers to the test images of `place` in the contest's format, and their record.

    `made` is the file; where it is not given it is submissions/NAME-FOLDERNAME.csv, and the ledger
    knows it. `folder` is where crops and predictions are kept, runs/NAME/tests/ where not given: a
    second call goes on there. With the layers that `stack` kept a second file NAME-stack.csv is
    written beside it. Raises ValueError as check_hidden_test.
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
    path = made or free_path(runs, test)
    tables, rows = pool_new(settings, tables, asked, rules=decided_pooling(settings, runs))
    ids = rows["image_id"]
    notes = list(test.notes)
    unseen = rows.loc[rows["row"] < 0, "image_id"].tolist()
    if unseen:
        notes.append(say_prior(unseen, are_groups=is_grouped(asked)))
    blended = blend_spaces(tables, image_ids=ids, part="test", settings=settings)
    thresholds = decided_thresholds(settings, runs)
    decided = {}
    for space in answer_spaces(settings):
        threshold = thresholds.get(space.name, 0.5)
        decided[space.name] = space.decide(blended[space.name], threshold=threshold)
    facts = {"test": str(test.place), "prior_answers": unseen}
    number = _write(work, path, test, blended, decided, ids, recipe=ensemble_key(settings) | facts)
    if made is None:
        notes += record_hidden(work, path, runs.submission, ensemble_key(settings))
    if stack is None:
        return HiddenAnswers(path, number, tuple(notes))
    outputs, by_layers = stack.answer(tables, ids.tolist())
    wanted = settings.ensemble.threshold
    for space in answer_spaces(settings):
        if space.name not in by_layers:
            plain = 0.5 if wanted == "oof" else wanted
            by_layers[space.name] = space.decide(outputs[space.name], threshold=plain)
    stacked = path.with_name(f"{path.stem}-stack{path.suffix}")
    key = stack_key(settings, runs)
    _write(work, stacked, test, outputs, by_layers, ids, recipe=key | facts)
    notes += record_hidden(work, stacked, runs.stacked, key) if made is None else []
    notes += left_out(settings, runs, STACK)
    return HiddenAnswers(path, number, tuple(notes), stacked)


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
    work: Work,
    path: Path,
    test: HiddenTest,
    joints: Mapping[str, np.ndarray],
    decided: Mapping[str, np.ndarray],
    image_ids: pd.Series,
    *,
    recipe: Mapping[str, Any],
) -> int:
    """Writes the file of answers and its record; the number of answers."""
    settings, runs = work.settings, work.runs
    truths = _held_truths(settings, runs)
    columns: list[Column] = []
    for one in answer_formats(settings, test.sample):
        settled = settle_rounding(one, truth=truths[one.space.name])
        columns += settled.write(joints[one.space.name], decided[one.space.name])
    number = write_answers(
        path,
        columns,
        image_ids=image_ids,
        sample=test.answered,
        id_column=settings.competition.submission.id,
    )
    record = {
        "submission": path.name,
        "sha256": file_sha256(path),
        "answers": number,
        "of": "other test images",
        **recipe,
        "settings": settings.model_dump(mode="json"),
        "fixes": runs.fixes_digest,
        "provenance": provenance(work.command, device=settings.device),
    }
    write_json(path.with_suffix(".json"), record)
    return number


def _held_truths(settings: Experiment, runs: Runs) -> dict[str, np.ndarray]:
    """By answer, the labels (N,) of the images that a fold held out, as the scores are of them."""
    images = read_labelled(runs)
    folds = {cell.fold for cell in member_cells(settings, used_members(settings)[0])}
    is_held = np.zeros(len(images), dtype=bool)
    for fold in folds:
        is_held |= held_out(settings, images, fold).to_numpy()
    tasks, held = contest_tasks(settings), images[is_held].reset_index(drop=True)
    targets = targets_of(tasks, group_rows(held, tasks) if is_grouped(held) else held)
    return {space.name: space.truth(targets) for space in answer_spaces(settings)}
