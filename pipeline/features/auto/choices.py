"""The candidates as members of one contest: heads by the kinds of its tasks, sizes by its crops."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.config.candidates import Candidate
from pipeline.config.member import Head, Member
from pipeline.config.task import Task
from pipeline.experiment.baseline import shared_band

SPREAD = 25.0  # a distribution's sigma: this part of the range of the values, 4 of 100 years
OWN_GAIN, OWN = 9.0, "own"  # of a member that somebody wrote for this very contest
AGAIN = 0.2  # what another seed of a kept member adds, as a part of what the first one did
NEXT_SEED = 100  # added to a member's seed: candidates of one list use neighbours of 777
LARGEST = 2  # images that were cropped already are enlarged at most so much
LOSS_OF_METRIC = {"mae": "l1", "cs5": "l1", "occlusion_gap": "weighted_mse"}


@dataclass(frozen=True)
class Choice:
    """One member that may be tried; `seed_of` names the choice whose other seed it is, if it is
    one. That is tried only where the other was kept and nothing else fits. `quick_form_of` names
    the longer choice that makes this one superfluous, where there is time for it."""

    member: Member
    gain: float
    family: str
    seed_of: str | None = None
    quick_form_of: str | None = None


def make_choices(
    candidates: Mapping[str, Candidate],
    settings: Experiment,
    labelled: pd.DataFrame,
    *,
    machine: str,
    tried: Collection[str] = (),
) -> dict[str, Choice]:
    """The candidates that suit the contest and the machine (`cpu` or `gpu`), in their order, and
    then the config's own members that learn from labels; at last another seed of each that is
    trained. Of one kind (backbone, size, crops, losses) there is one: the config's own where it is
    trained, the listed one where it is fitted. Who was tried stays one of them.

    `labelled` has a column a task with the labels, the numbers behind classes that are cut.
    """
    tasks = settings.competition.learnable
    if "answer" in tasks and len(tasks) > 1:
        tasks = {name: task for name, task in tasks.items() if name != "answer"}
    own = {name: member for name, member in settings.members.items() if not member.is_student}
    of_kind = {_kind(member): name for name, member in own.items() if member.head is None}
    found: dict[str, Choice] = {}
    in_place_of: dict[str, str] = {}  # by the listed name the config's own member of its kind
    for name, candidate in candidates.items():
        if candidate.machine not in ("any", machine) and name not in tried:
            continue
        recipe = _recipe(tasks, candidate, settings, labelled)
        if recipe is None:
            continue
        if name not in tried and _kind(recipe) in of_kind:
            in_place_of[name] = of_kind[_kind(recipe)]
        elif all(recipe != other.member for other in found.values()):
            quick = candidate.quick_form_of
            found[name] = Choice(recipe, candidate.gain, candidate.family, quick_form_of=quick)
    fitted = {_kind(one.member) for one in found.values() if one.member.head is not None}
    own_names = {}
    for name, member in own.items():
        if _kind(member) not in fitted or name in tried:
            own_names[name] = name if name not in found else f"own_{name}"
    long_forms = {name: own_names[other] for name, other in in_place_of.items()}
    for name, one in found.items():
        if one.quick_form_of in long_forms:
            found[name] = replace(one, quick_form_of=long_forms[one.quick_form_of])
    found |= {new: Choice(own[name], OWN_GAIN, OWN) for name, new in own_names.items()}
    return found | _other_seeds(found)


def _recipe(
    tasks: Mapping[str, Task], candidate: Candidate, settings: Experiment, labelled: pd.DataFrame
) -> Member | None:
    """The candidate as a member of the contest; None where it needs numbers and there are none."""
    heads = _heads(tasks, candidate, labelled)
    if heads is None:
        return None
    recipe = candidate.recipe(heads)
    return recipe.model_copy(update={"image_size": _image_size(recipe, settings)})


def _kind(member: Member) -> tuple:
    """What two members share that would learn nearly the same: heads of the same sorts, one or
    several, on the same network, size and crops."""
    losses = frozenset(str(head.loss) for head in member.tasks.values())
    network = (member.head, member.layers, member.backbone, member.weights, member.image_size)
    return *network, str(member.crop), losses, len(member.tasks) > 1


def _other_seeds(found: Mapping[str, Choice]) -> dict[str, Choice]:
    """Every trained member with another seed: little gain, but a surer one than of anything new."""
    others = {}
    for name, one in found.items():
        if one.member.head is not None:  # a head in closed form draws nothing
            continue
        seeds = tuple(seed + NEXT_SEED for seed in one.member.seeds)
        member = one.member.model_copy(update={"seeds": seeds})
        others[f"{name}_again"] = Choice(member, AGAIN * one.gain, one.family, seed_of=name)
    return others


def prepare_settings(settings: Experiment, choices: Mapping[str, Choice]) -> Experiment:
    """The experiment with all choices for members, answered by a plain mean: what it does after
    training is left at its defaults."""
    raw = settings.model_dump(mode="python")
    fresh = type(settings).model_fields
    for key in ("stack", "compare", "pool", "transfer", "tune", "infer"):
        raw[key] = fresh[key].get_default()
    raw["ensemble"] = {"method": "mean", "threshold": settings.ensemble.threshold}
    raw["crop"] = settings.crop.model_copy(update={"size": _crop_size(choices, settings)})
    raw["folds"] = settings.folds.model_copy(update={"train": None})
    raw["members"] = {name: one.member for name, one in choices.items()}
    raw["audit"] = settings.audit.model_copy(update={"labels": False})  # leaks, copies and shift
    raw["tta"] = ("identity", "flip")
    return type(settings).model_validate(raw)


def _crop_size(choices: Mapping[str, Choice], settings: Experiment) -> int:
    """Pixels of the stored crops: as the largest choice needs, where more can be cut."""
    if settings.crop.faces == "given":
        return settings.crop.size
    return max(settings.crop.size, *(one.member.image_size for one in choices.values()))


def _heads(
    tasks: Mapping[str, Task], candidate: Candidate, labelled: pd.DataFrame
) -> dict[str, Head] | None:
    """The candidate's heads; None where it learns numbers as distributions and there are none."""
    heads = {}
    as_distribution = False
    for name, task in tasks.items():
        span = _span(task, name, labelled)
        if candidate.numbers == "distribution" and span is not None:
            as_distribution = True
            sigma = (span[1] - span[0]) / SPREAD
            over_edges = span if task.kind == "multiclass" else None
            heads[name] = Head(loss="distribution", sigma=sigma, span=over_edges)
        elif task.kind == "regression":
            trained = candidate.member.get("head") is None
            heads[name] = Head(loss=LOSS_OF_METRIC.get(task.metric_name) if trained else None)
        else:
            heads[name] = Head(band=shared_band(task))
    if candidate.numbers == "distribution" and not as_distribution:
        return None
    return heads


def _span(task: Task, name: str, labelled: pd.DataFrame) -> tuple[float, float] | None:
    """Lowest and highest value that a distribution covers; None where there is no number."""
    if task.kind == "regression":
        return None if task.low is None or task.high is None else (task.low, task.high)
    column = task.column or name
    if task.edges is None or column not in labelled:
        return None
    values = pd.to_numeric(labelled[column], errors="coerce").dropna().to_numpy()
    if not len(values):
        return None
    low, high = float(np.floor(values.min())), float(np.ceil(values.max()))
    return min(low, task.edges[0] - 1.0), max(high, task.edges[-1] + 1.0)


def _image_size(recipe: Member, settings: Experiment) -> int:
    """The recipe's, unless the images were cropped already and are much smaller."""
    if settings.crop.faces != "given":
        return recipe.image_size
    return min(recipe.image_size, LARGEST * settings.crop.size)
