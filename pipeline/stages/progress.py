"""Which cells there are, what each artefact is made from, and which stages are done.

Light on purpose: `./run.sh` alone shows this at once, so nothing here imports pandas or torch.
"""

from pipeline.config import Experiment
from pipeline.runs import Cell, is_marked
from pipeline.stages import Work


def member_cells(settings: Experiment, name: str) -> list[Cell]:
    """Every cell of a member: the folds to train times its seeds."""
    folds = settings.folds.train or range(settings.folds.num)
    return [Cell(name, fold, seed) for fold in folds for seed in settings.members[name].seeds]


def all_cells(settings: Experiment) -> list[Cell]:
    """All cells of the experiment, in the order in which they are trained."""
    return [cell for name in settings.members for cell in member_cells(settings, name)]


def used_members(settings: Experiment) -> list[str]:
    """The members that the ensemble names; all when it names none."""
    return list(settings.ensemble.members or settings.members)


def evaluate_recipe(work: Work) -> list:
    settings = work.settings
    cells = [cell.name for cell in all_cells(settings)]
    return [cells, settings.ensemble.model_dump(mode="json"), settings.bootstrap]


def infer_recipe(work: Work, member: str) -> list:
    cells = [cell.name for cell in member_cells(work.settings, member)]
    return [cells, list(work.settings.infer.views)]


def ensemble_recipe(work: Work) -> dict:
    """What a submission is made from; it stands in the record beside it."""
    settings = work.settings
    members = used_members(settings)
    return {
        "members": members,
        "cells": [cell.name for name in members for cell in member_cells(settings, name)],
        "views": list(settings.infer.views),
        "method": settings.ensemble.method,
        "weights": settings.ensemble.weights,
        "submission": settings.competition.submission.model_dump(mode="json"),
        "bootstrap": settings.bootstrap,
    }


def is_inferred(work: Work, member: str) -> bool:
    """Whether a member's predictions of both parts are there, of all its cells and views."""
    recipe = infer_recipe(work, member)
    return all(is_marked(work.runs.predictions(member, part), recipe) for part in ("oof", "test"))


def is_done(work: Work, stage: str) -> bool:
    """Whether a stage has nothing left to do for these settings."""
    runs, settings = work.runs, work.settings
    if stage == "draw":
        return settings.competition.drawn is None or (runs.root / "drawn.json").exists()
    if stage == "index":
        return runs.images.exists()
    if stage == "crop":
        return runs.faces.exists() and runs.crops.exists()
    if stage == "split":
        return runs.folds.exists()
    if stage == "train":
        return all(runs.done(cell).exists() for cell in all_cells(settings))
    if stage == "evaluate":
        return is_marked(runs.scores, evaluate_recipe(work))
    if stage == "infer":
        return all(is_inferred(work, member) for member in settings.members)
    return is_marked(runs.submission, ensemble_recipe(work))
