"""The stages of the main job, from images to a submission, and when each is done."""

from pipeline.console.installation import COMMAND
from pipeline.experiment.cells import all_cells
from pipeline.experiment.fingerprints import ensemble_key, evaluate_key, is_inferred
from pipeline.experiment.work import Work
from pipeline.leaderboard.submission_record import is_written
from pipeline.stages.stage import Stage
from pipeline.storage import is_fresh


def is_drawn(work: Work) -> bool:
    """Whether the drawn contest is there; a contest with images of its own needs none."""
    if work.settings.competition.drawn is None:
        return True
    return (work.runs.root / "drawn.json").exists()


DRAW = Stage(
    name="draw",
    summary="draws the sample contest's people (only for configs that are drawn)",
    group="main",
    done=is_drawn,
    settings=("competition.drawn",),
    example=f"{COMMAND} draw",
    leads_to="crop",
)


def is_indexed(work: Work) -> bool:
    """Whether the images table is there."""
    return work.runs.images.exists()


INDEX = Stage(
    name="index",
    summary="reads the label tables: one row an image, with a status",
    group="main",
    needs=("draw",),
    done=is_indexed,
    settings=("competition",),
    example=f"{COMMAND} index -c masks root=/data/masks",
    leads_to="explore",
)


def is_cropped(work: Work) -> bool:
    """Whether the faces table and the crops are there."""
    return work.runs.faces.exists() and all(path.exists() for path in work.runs.crop_stores)


CROP = Stage(
    name="crop",
    summary="finds the main face (MTCNN) and stores the crops",
    group="main",
    needs=("index",),
    done=is_cropped,
    settings=("crop",),
    example=f"{COMMAND} crop -c masks crop.margin=0.3",
    leads_to="split explore",
)


def is_split(work: Work) -> bool:
    """Whether the folds are there."""
    return work.runs.folds.exists()


SPLIT = Stage(
    name="split",
    summary="k folds that keep people together, balanced on several labels, with a certificate",
    group="main",
    needs=("crop",),
    done=is_split,
    settings=("folds",),
    example=f"{COMMAND} split -c masks folds.num=10",
    leads_to="train",
)


def is_trained(work: Work) -> bool:
    """Whether every cell has its mark."""
    return all(work.runs.done(cell).exists() for cell in all_cells(work.settings))


TRAIN = Stage(
    name="train",
    summary="trains every member on every fold",
    group="main",
    needs=("crop", "split"),
    then=("evaluate",),
    done=is_trained,
    settings=(
        "members",
        "device",
        "precision",
        "augmenter",
        "compile",
        "workers",
        "threads",
        "parallel",
        "cells_per_device",
        "cluster",
        "track",
    ),
    example=f"{COMMAND} train -c masks members.age.lr=1e-4",
    leads_to="infer",
)


def is_evaluated(work: Work) -> bool:
    """Whether the scores are there, of these cells."""
    return is_fresh(work.runs.scores, evaluate_key(work.settings))


EVALUATE = Stage(
    name="evaluate",
    summary="out-of-fold scores with intervals",
    group="main",
    needs=("train",),
    done=is_evaluated,
    settings=("compare", "bootstrap"),
    example=f"{COMMAND} evaluate -c masks",
    leads_to="infer",
)


def is_answered(work: Work) -> bool:
    """Whether every member has answered the contest's own test images."""
    if "test" in work.options:  # other images than the contest's own: looked at each time
        return False
    return all(is_inferred(work.settings, work.runs, member) for member in work.settings.members)


INFER = Stage(
    name="infer",
    summary="predicts test images: all folds, all views",
    group="main",
    needs=("train",),
    then=("ensemble",),
    done=is_answered,
    options=("test",),
    alone_with=("test",),
    settings=("tta", "infer"),
    example=f"{COMMAND} infer -c masks 'tta=[identity, flip]'",
    leads_to="report",
)


def is_blended(work: Work) -> bool:
    """Whether the submission is there, made with these settings."""
    return is_written(work.runs.submission, ensemble_key(work.settings))


ENSEMBLE = Stage(
    name="ensemble",
    summary="blends the members and writes the submission CSV",
    group="main",
    needs=("infer",),
    done=is_blended,
    settings=("ensemble", "pool"),
    example=f"{COMMAND} ensemble -c masks ensemble.method=soft_vote",
    leads_to="report",
)
