"""Which cells there are, what each artefact is made from, and which stages are done.

Light on purpose: `./run.sh` alone shows this at once, so nothing here imports pandas or torch.
"""

from collections.abc import Callable

from pipeline.config import Experiment
from pipeline.runs import REFIT, Cell, is_marked
from pipeline.stages import STAGES, Work


def member_cells(settings: Experiment, name: str) -> list[Cell]:
    """Every cell of a member: the folds to train times its seeds."""
    folds = settings.folds.train or range(settings.folds.num)
    return [Cell(name, fold, seed) for fold in folds for seed in settings.members[name].seeds]


def refit_cells(settings: Experiment, name: str) -> list[Cell]:
    """The cells of a member that learn from everybody: one a seed, when it asks for them."""
    member = settings.members[name]
    return [Cell(name, REFIT, seed) for seed in member.seeds] if member.refit else []


def all_cells(settings: Experiment) -> list[Cell]:
    """All cells of the experiment, in the order in which they are trained."""
    kinds = (member_cells, refit_cells)
    return [cell for name in settings.members for cells in kinds for cell in cells(settings, name)]


def answering_cells(settings: Experiment, name: str) -> list[Cell]:
    """The cells of a member that answer the test pictures."""
    folds = member_cells(settings, name) if settings.infer.use != "refit" else []
    return folds + (refit_cells(settings, name) if settings.infer.use != "folds" else [])


def used_members(settings: Experiment) -> list[str]:
    """The members that the ensemble names; all when it names none."""
    return list(settings.ensemble.members or settings.members)


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


def transfer_recipe(work: Work) -> list:
    settings, data = work.settings, [work.runs.crops.parent.name, work.runs.folds.parent.name]
    return [settings.transfer.source, list(settings.infer.views), settings.bootstrap, data]


def explore_recipe(work: Work) -> list:
    contest = work.settings.competition.model_dump(mode="json")
    return [contest, str(work.runs.crops), list(work.settings.crop.reject)]


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
    "tune": _is_tuned,
    "transfer": _is_transferred,
    "ensemble": lambda work: is_marked(work.runs.submission, ensemble_recipe(work)),
}


def is_done(work: Work, stage: str) -> bool:
    """Whether a stage has nothing left to do for these settings."""
    return not STAGES[stage].repeats and _DONE[stage](work)
