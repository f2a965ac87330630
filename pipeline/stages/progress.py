"""Which cells there are, what each artefact is made from, and which stages are done.

Light on purpose: `./run.sh` alone shows this at once, so nothing here imports pandas or torch.
"""

from collections.abc import Callable

from pipeline.config import Experiment
from pipeline.runs import REFIT, Cell, is_marked
from pipeline.stages import STAGES, Work


def member_cells(settings: Experiment, name: str) -> list[Cell]:
    """Every cell of a member: the folds to train times its seeds."""
    folds = settings.folds.train or range(settings.folds.total)
    return [Cell(name, fold, seed) for fold in folds for seed in settings.members[name].seeds]


def refit_cells(settings: Experiment, name: str) -> list[Cell]:
    """The cells of a member that learn from everybody: one a seed, when it asks for them."""
    member = settings.members[name]
    return [Cell(name, REFIT, seed) for seed in member.seeds] if member.refit else []


def all_cells(settings: Experiment) -> list[Cell]:
    """All cells of the experiment, in the order in which they are trained: those that others learn
    from come first."""
    kinds = (member_cells, refit_cells)
    names = sorted(settings.members, key=lambda name: settings.members[name].is_taught)
    return [cell for name in names for cells in kinds for cell in cells(settings, name)]


def teaching_cells(settings: Experiment, cell: Cell) -> list[Cell]:
    """The cells whose predictions a cell takes for labels, of test pictures or of its own: those
    that held out the same fold, so that nobody whom it is scored on had a part in its labels. A
    cell that learns from everybody takes all folds'."""
    member = settings.members[cell.member]
    taught = member.pseudo or member.distil
    cells = [c for name in (taught.by if taught else ()) for c in member_cells(settings, name)]
    return [c for c in cells if cell.fold in (c.fold, REFIT)]


def answering_cells(settings: Experiment, name: str) -> list[Cell]:
    """The cells of a member that answer the test pictures."""
    folds = member_cells(settings, name) if settings.infer.use != "refit" else []
    return folds + (refit_cells(settings, name) if settings.infer.use != "folds" else [])


def used_members(settings: Experiment) -> list[str]:
    """The members that answer together."""
    return list(settings.answering)


def evaluate_recipe(work: Work) -> list:
    settings = work.settings
    cells = [cell.name for cell in all_cells(settings)]
    compare = {name: list(members) for name, members in settings.compare.items()}
    return [cells, settings.ensemble.model_dump(mode="json"), compare, settings.bootstrap]


def infer_recipe(work: Work, member: str) -> list:
    cells = [cell.name for cell in member_cells(work.settings, member)]
    answering = [cell.name for cell in answering_cells(work.settings, member)]
    return [cells, answering, list(work.settings.infer.views)]


def ensemble_recipe(work: Work) -> dict:
    """What a submission is made from; it stands in the record beside it."""
    settings = work.settings
    members = used_members(settings)
    return {
        "members": members,
        "cells": [cell.name for name in members for cell in answering_cells(settings, name)],
        "views": list(settings.infer.views),
        "method": settings.ensemble.method,
        "weights": settings.ensemble.weights,
        "asked_threshold": settings.ensemble.threshold,
        "answer": settings.competition.answer.model_dump(mode="json"),
        "submission": settings.competition.submission.model_dump(mode="json"),
        "bootstrap": settings.bootstrap,
    }


def stack_recipe(work: Work) -> dict:
    """What the stack's submission is made from; it stands in the record beside it."""
    layers = work.settings.stack.model_dump(mode="json")
    pooled = {"people": people_recipe(work)} if "pooling" in layers["layers"] else {}
    return {**ensemble_recipe(work), "method": "stack", "stack": layers, **pooled}


def people_recipe(work: Work) -> list:
    settings, runs = work.settings, work.runs
    by = settings.pool.by
    seen = embeddings_recipe(work, by) if by in settings.members else []
    data = [runs.images.parent.name, runs.crops.parent.name, runs.folds.parent.name]
    held = list(settings.folds.train or ())
    return [settings.pool.model_dump(mode="json"), seen, data, held]


def embeddings_recipe(work: Work, member: str) -> list:
    return [cell.name for cell in member_cells(work.settings, member)]


def transfer_recipe(work: Work) -> list:
    settings, data = work.settings, [work.runs.crops.parent.name, work.runs.folds.parent.name]
    return [settings.transfer.source, list(settings.infer.views), settings.bootstrap, data]


def explore_recipe(work: Work) -> list:
    contest = work.settings.competition.model_dump(mode="json")
    images, crops = work.runs.images, work.runs.crops  # both: fixes change the labels alone
    return [contest, str(images), str(crops), list(work.settings.crop.reject)]


def trained_members(work: Work) -> list[str]:
    """The members all of whose folds and seeds are trained."""
    return [
        name
        for name in work.settings.members
        if all(work.runs.done(cell).exists() for cell in member_cells(work.settings, name))
    ]


def audit_recipe(work: Work) -> list:
    """What an audit looked at: it looks again when more members are trained."""
    settings, runs = work.settings, work.runs
    contest = settings.competition.model_dump(mode="json")
    data = [str(runs.images), str(runs.crops), str(runs.folds)]
    known = [trained_members(work), settings.bootstrap]
    return [settings.audit.model_dump(mode="json"), contest, data, known]


def tuned_member(settings: Experiment) -> str:
    """The member that tune looks at: the one it names, or the first."""
    return settings.tune.member or next(iter(settings.members))


def tune_recipe(work: Work) -> list:
    settings, member = work.settings, tuned_member(work.settings)
    recipe = settings.members[member].model_dump(mode="json")
    return [settings.tune.model_dump(mode="json"), member, recipe, study_base(work)]


def study_base(work: Work) -> list:
    """What all trials of a study have in common, besides the member's own settings."""
    runs, contest = work.runs, work.settings.competition.model_dump(mode="json")
    return [contest, str(runs.crops), str(runs.folds)]


def is_inferred(work: Work, member: str) -> bool:
    """Whether a member's predictions of both parts are there, of all its cells and views."""
    recipe = infer_recipe(work, member)
    return all(is_marked(work.runs.predictions(member, part), recipe) for part in ("oof", "test"))


def _is_explored(work: Work) -> bool:
    return is_marked(work.runs.explored("summary.txt"), explore_recipe(work))


def _is_tuned(work: Work) -> bool:
    member = tuned_member(work.settings)
    return is_marked(work.runs.tuned("report.json", member=member), tune_recipe(work))


def _is_transferred(work: Work) -> bool:
    source = work.settings.transfer.source
    return source is not None and is_marked(work.runs.transfer(source), transfer_recipe(work))


_DONE: dict[str, Callable[[Work], bool]] = {
    "draw": lambda work: (
        work.settings.competition.drawn is None or (work.runs.root / "drawn.json").exists()
    ),
    "index": lambda work: work.runs.images.exists(),
    "crop": lambda work: work.runs.faces.exists() and work.runs.crops.exists(),
    "split": lambda work: work.runs.folds.exists(),
    "train": lambda work: all(work.runs.done(c).exists() for c in all_cells(work.settings)),
    "evaluate": lambda work: is_marked(work.runs.scores, evaluate_recipe(work)),
    "infer": lambda work: all(is_inferred(work, member) for member in work.settings.members),
    "explore": _is_explored,
    "audit": lambda work: is_marked(work.runs.audited("summary.txt"), audit_recipe(work)),
    "tune": _is_tuned,
    "transfer": _is_transferred,
    "ensemble": lambda work: is_marked(work.runs.submission, ensemble_recipe(work)),
    "stack": lambda work: is_marked(work.runs.stacked, stack_recipe(work)),
}


def is_done(work: Work, stage: str) -> bool:
    """Whether a stage has nothing left to do for these settings."""
    return not STAGES[stage].repeats and _DONE[stage](work)
