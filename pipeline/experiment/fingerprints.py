"""What each stored result was made from: a stage compares it to see whether it is done."""

from pipeline.config import Experiment
from pipeline.experiment.cells import (
    all_cells,
    answering_cells,
    member_cells,
    trained_members,
    tuned_member,
    used_members,
)
from pipeline.experiment.own_metric_digests import own_metric_digests
from pipeline.storage import Runs, is_fresh

# raised where a column of scores.csv comes to mean something else, so that older ones are made
# again; 1: the constant is the same for every image
SCORES_RULE = 1


def evaluate_key(settings: Experiment) -> list:
    """What scores.csv depends on: cells, ensemble, formulations, draws, the user's own metrics."""
    cells = [cell.name for cell in all_cells(settings)]
    compare = {name: list(members) for name, members in settings.compare.items()}
    blend = settings.ensemble.model_dump(mode="json")
    key = [SCORES_RULE, cells, blend, compare, settings.bootstrap]
    digests = own_metric_digests(settings)
    return [*key, digests] if digests else key


def infer_key(settings: Experiment, member: str) -> list:
    """What a member's stored predictions depend on: its cells and the views."""
    cells = [cell.name for cell in member_cells(settings, member)]
    answering = [cell.name for cell in answering_cells(settings, member)]
    return [cells, answering, list(settings.tta)]


def ensemble_key(settings: Experiment) -> dict:
    """What a submission is made from; it stands in the record beside it."""
    members = used_members(settings)
    digests = own_metric_digests(settings)
    own_metrics = {"own_metrics": digests} if digests else {}
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
        **own_metrics,
    }


def stack_key(settings: Experiment, runs: Runs) -> dict:
    """What the stack's submission is made from; it stands in the record beside it."""
    layers = settings.stack.model_dump(mode="json")
    pooled = {"people": people_key(settings, runs)} if "pooling" in layers["layers"] else {}
    return {**ensemble_key(settings), "method": "stack", "stack": layers, **pooled}


def people_key(settings: Experiment, runs: Runs) -> list:
    """What the stored clusters of people depend on: how they are found, and in which images."""
    by = settings.pool.by
    seen = embeddings_key(settings, by) if by in settings.members else []
    data = [runs.images.parent.name, runs.crops.parent.name, runs.folds.parent.name]
    held = list(settings.folds.train or ())
    return [settings.pool.model_dump(mode="json"), seen, data, held]


def embeddings_key(settings: Experiment, member: str) -> list:
    """What a member's stored embeddings depend on: its cells."""
    return [cell.name for cell in member_cells(settings, member)]


def transfer_key(settings: Experiment, runs: Runs) -> list:
    """What the stored transfer scores depend on: source, views, draws, crops and folds."""
    data = [runs.crops.parent.name, runs.folds.parent.name]
    return [settings.transfer.source, list(settings.tta), settings.bootstrap, data]


def explore_key(settings: Experiment, runs: Runs) -> list:
    """What explore's page depends on: the contest, its index, its crops, and what is rejected."""
    contest = settings.competition.model_dump(mode="json")
    images, crops = runs.images, runs.crops  # both: fixes change the labels alone
    return [contest, str(images), str(crops), list(settings.crop.reject)]


def audit_key(settings: Experiment, runs: Runs) -> list:
    """What an audit looked at: it looks again when more members are trained."""
    contest = settings.competition.model_dump(mode="json")
    data = [str(runs.images), str(runs.crops), str(runs.folds)]
    known = [trained_members(settings, runs), settings.bootstrap]
    return [settings.audit.model_dump(mode="json"), contest, data, known]


def tune_key(settings: Experiment, runs: Runs) -> list:
    """What tune's report depends on: its settings, the member's recipe, and the data."""
    member = tuned_member(settings)
    recipe = settings.members[member].model_dump(mode="json")
    return [settings.tune.model_dump(mode="json"), member, recipe, study_base(settings, runs)]


def study_base(settings: Experiment, runs: Runs) -> list:
    """What all trials of a study have in common, besides the member's own settings."""
    contest = settings.competition.model_dump(mode="json")
    return [contest, str(runs.crops), str(runs.folds)]


def is_inferred(settings: Experiment, runs: Runs, member: str) -> bool:
    """Whether a member's predictions of both parts are there, of all its cells and views."""
    recipe = infer_key(settings, member)
    return all(is_fresh(runs.predictions(member, part), recipe) for part in ("oof", "test"))
