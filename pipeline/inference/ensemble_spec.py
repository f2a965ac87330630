"""Who answers an image, what they say, and how its faces are found."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.config import Experiment
from pipeline.experiment.blend import answer_spaces
from pipeline.experiment.cells import used_members
from pipeline.experiment.crops import crop_names, crop_recipes
from pipeline.experiment.fingerprints import ensemble_key
from pipeline.experiment.tasks import contest_tasks
from pipeline.faces.finder import FaceFinder
from pipeline.inference.choice import ENSEMBLE, STACK
from pipeline.inference.readout import OutputSpec, TaskSpec
from pipeline.labels.tasks import Task
from pipeline.metrics.answer_space import ANSWER, Threshold
from pipeline.storage import Runs, is_fresh, read_json

FINE = 0.06  # smallest face of the finer search, as a fraction of the shorter side


@dataclass(frozen=True)
class EnsembleSpec:
    """Who answers: the members, how they are blended, and what they say."""

    members: tuple[str, ...]
    settings: Experiment
    readings: tuple[OutputSpec, ...]
    whole: bool  # they answer the contest, not only some of its tasks
    others: tuple[Task, ...]  # tasks beside the answers


def choose_ensemble(settings: Experiment, runs: Runs, by: str) -> EnsembleSpec:
    """The ensemble, the stack, or one member by name (check_by says whether there is one)."""
    thresholds = {}
    alone = by not in (ENSEMBLE, STACK)
    if not alone:
        thresholds = decided_thresholds(settings, runs)
    members = (by,) if alone else tuple(used_members(settings))
    ensemble = settings.ensemble
    if alone or ensemble.method == "rank":  # a rank is one among many images
        ensemble = ensemble.model_copy(update={"method": "mean", "weights": None})
        ensemble = ensemble.model_copy(update={"members": members})
        settings = settings.model_copy(update={"ensemble": ensemble})
    said = {task for name in members for task in settings.members[name].tasks}
    spaces = answer_spaces(settings)
    whole = all(
        {task.name for task in space.tasks} <= said or (space.is_product and ANSWER in said)
        for space in spaces
    )
    known = {task.name: task for task in contest_tasks(settings)}
    inside = {task.name for space in spaces for task in space.tasks} if whole else set()
    others = tuple(task for name, task in known.items() if name in said and name not in inside)
    readings = [
        OutputSpec(
            space.name,
            tuple(_heading(task) for task in space.tasks),
            threshold=_plain(thresholds.get(space.name, 0.5)),
        )
        for space in (spaces if whole else ())
    ]
    readings += [OutputSpec(task.name, (_heading(task),)) for task in others]
    return EnsembleSpec(members, settings, tuple(readings), whole, others)


def _heading(task: Task) -> TaskSpec:
    low, high = (value if math.isfinite(value) else None for value in (task.low, task.high))
    return TaskSpec(task.name, task.kind, tuple(task.classes), low, high)


def _plain(threshold: Threshold) -> float | tuple[float, ...]:
    return threshold if isinstance(threshold, float) else tuple(threshold)


def decided_thresholds(settings: Experiment, runs: Runs) -> dict[str, Threshold]:
    """What ensemble decided scores at, of several labels one or one each; until it has, what is
    asked for, or 0.5."""
    if is_fresh(runs.submission, ensemble_key(settings)):
        parts = read_json(runs.submission_record)["parts"]
        return {part["answer"]: part.get("threshold", 0.5) for part in parts}
    asked = settings.ensemble.threshold
    if asked == "oof":
        return {}
    return {space.name: asked for space in answer_spaces(settings)}


def decided_pooling(settings: Experiment, runs: Runs) -> dict[str, str]:
    """By answer, the rule by which ensemble made one prediction of several images; until it has,
    the one that is asked for, or none."""
    if is_fresh(runs.submission, ensemble_key(settings)):
        parts = read_json(runs.submission_record)["parts"]
        return {part["answer"]: part["pooling"]["rule"] for part in parts if "pooling" in part}
    asked = settings.competition.answer.pooling
    if asked == "choose":
        return {}
    return {space.name: asked for space in answer_spaces(settings)}


def make_finder(
    settings: Experiment,
    members: Sequence[str],
    *,
    device: str,
    min_face: float | None = None,
) -> FaceFinder:
    """Finds faces as the crop stage does, and beside them smaller ones down to `min_face` of the
    shorter side (FINE when not given); cuts the crops that these members look at, by crop_names."""
    crop, detector, fine = settings.crop, None, None
    if crop.faces == "detect":
        from pipeline.faces.mtcnn.detector import Detector

        detector = Detector(device=device, min_face=crop.min_face, thresholds=crop.thresholds)
        least = FINE if min_face is None else min_face
        if least < crop.min_face:
            fine = Detector(device=device, min_face=least, thresholds=crop.thresholds)
    names = {name: crops for name, crops in crop_names(settings).items() if name in members}
    return FaceFinder(
        faces=crop.faces,
        fallback=crop.fallback,
        recipes=crop_recipes(settings, names),
        detector=detector,
        fine=fine,
    )
