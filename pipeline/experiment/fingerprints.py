"""What each stored result was made from: a stage compares it to see whether it is done."""

from pipeline.experiment.cells import (
    all_cells,
    answering_cells,
    member_cells,
    trained_members,
    tuned_member,
    used_members,
)
from pipeline.experiment.work import Work
from pipeline.storage import is_fresh


def evaluate_key(work: Work) -> list:
    settings = work.settings
    cells = [cell.name for cell in all_cells(settings)]
    compare = {name: list(members) for name, members in settings.compare.items()}
    return [cells, settings.ensemble.model_dump(mode="json"), compare, settings.bootstrap]


def infer_key(work: Work, member: str) -> list:
    cells = [cell.name for cell in member_cells(work.settings, member)]
    answering = [cell.name for cell in answering_cells(work.settings, member)]
    return [cells, answering, list(work.settings.tta)]


def ensemble_key(work: Work) -> dict:
    """What a submission is made from; it stands in the record beside it."""
    settings = work.settings
    members = used_members(settings)
    return {
        "members": members,
        "cells": [cell.name for name in members for cell in answering_cells(settings, name)],
        "views": list(settings.tta),
        "method": settings.ensemble.method,
        "weights": settings.ensemble.weights,
        "asked_threshold": settings.ensemble.threshold,
        "answer": settings.competition.answer.model_dump(mode="json"),
        "submission": settings.competition.submission.model_dump(mode="json"),
        "bootstrap": settings.bootstrap,
    }


def stack_key(work: Work) -> dict:
    """What the stack's submission is made from; it stands in the record beside it."""
    layers = work.settings.stack.model_dump(mode="json")
    pooled = {"people": people_key(work)} if "pooling" in layers["layers"] else {}
    return {**ensemble_key(work), "method": "stack", "stack": layers, **pooled}


def people_key(work: Work) -> list:
    settings, runs = work.settings, work.runs
    by = settings.pool.by
    seen = embeddings_key(work, by) if by in settings.members else []
    data = [runs.images.parent.name, runs.crops.parent.name, runs.folds.parent.name]
    held = list(settings.folds.train or ())
    return [settings.pool.model_dump(mode="json"), seen, data, held]


def embeddings_key(work: Work, member: str) -> list:
    return [cell.name for cell in member_cells(work.settings, member)]


def transfer_key(work: Work) -> list:
    settings, data = work.settings, [work.runs.crops.parent.name, work.runs.folds.parent.name]
    return [settings.transfer.source, list(settings.tta), settings.bootstrap, data]


def explore_key(work: Work) -> list:
    contest = work.settings.competition.model_dump(mode="json")
    images, crops = work.runs.images, work.runs.crops  # both: fixes change the labels alone
    return [contest, str(images), str(crops), list(work.settings.crop.reject)]


def audit_key(work: Work) -> list:
    """What an audit looked at: it looks again when more members are trained."""
    settings, runs = work.settings, work.runs
    contest = settings.competition.model_dump(mode="json")
    data = [str(runs.images), str(runs.crops), str(runs.folds)]
    known = [trained_members(work), settings.bootstrap]
    return [settings.audit.model_dump(mode="json"), contest, data, known]


def tune_key(work: Work) -> list:
    settings, member = work.settings, tuned_member(work.settings)
    recipe = settings.members[member].model_dump(mode="json")
    return [settings.tune.model_dump(mode="json"), member, recipe, study_base(work)]


def study_base(work: Work) -> list:
    """What all trials of a study have in common, besides the member's own settings."""
    runs, contest = work.runs, work.settings.competition.model_dump(mode="json")
    return [contest, str(runs.crops), str(runs.folds)]


def is_inferred(work: Work, member: str) -> bool:
    """Whether a member's predictions of both parts are there, of all its cells and views."""
    recipe = infer_key(work, member)
    return all(is_fresh(work.runs.predictions(member, part), recipe) for part in ("oof", "test"))
