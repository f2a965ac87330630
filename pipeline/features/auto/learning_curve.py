"""A learning curve over people: would more of them help? By the baseline, whose features exist."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.cells import member_cells
from pipeline.experiment.device import choose_device
from pipeline.experiment.images_table import held_out
from pipeline.experiment.member_context import member_context
from pipeline.experiment.predict import prediction_frame
from pipeline.experiment.targets import training_targets
from pipeline.experiment.teaching_images import is_taught, read_teaching
from pipeline.features.auto.judge import Judge
from pipeline.features.auto.record import Record
from pipeline.storage import Cell, Runs, TimeUpError, stop_after

if TYPE_CHECKING:
    from pipeline.models.network import FaceNetwork

SHARES = (0.25, 0.5, 0.75, 1.0)  # of the people that a fold learns from
FEWEST = 8  # people to fit on: with less the curve shows nothing


@dataclass(frozen=True)
class CurvePoint:
    """The baseline's score out of fold when it learns from so many people of each fold."""

    num_people: int
    score: float
    low: float
    high: float


@dataclass(frozen=True)
class LearningCurve:
    """The points, from few people to all, and what twice the people add (above 0: better), paired
    on the same held-out images."""

    points: list[CurvePoint]
    doubled: float
    doubled_low: float
    doubled_high: float


def add_curve(
    record: Record, settings: Experiment, runs: Runs, *, name: str, seconds: float
) -> str:
    """Adds the curve of a member to the record, where it can be made in so many seconds; why there
    is none, or nothing."""
    if record.curve is not None:
        return ""
    if settings.members[name].head is None:
        return f"no learning curve over people: {name} would have to be trained again for it"
    try:
        with stop_after(seconds):
            curve = make_learning_curve(settings, runs, name)
    except TimeUpError:
        return "no time was left for a learning curve over people"
    if curve is None:
        return "no learning curve: a fold learns from too few people for parts of them"
    record.curve = asdict(curve)
    return ""


def make_learning_curve(settings: Experiment, runs: Runs, name: str) -> LearningCurve | None:
    """Fits the heads of a member with a head in closed form on parts of the people of each fold.

    The same people teach all of a fold's larger parts. None where the folds hold too few people.
    """
    from pipeline.training.frozen_cell import see_images

    assert settings.members[name].head is not None, "its features are seen once, its heads fitted"
    device, precision = choose_device(settings)
    images = read_teaching(settings, runs)
    frames: dict[str, list[pd.DataFrame]] = {_named(share): [] for share in SHARES}
    counts: dict[str, list[int]] = {_named(share): [] for share in SHARES}
    for cell in member_cells(settings, name):
        network, features = see_images(
            settings, runs, cell, images=images, device=device, precision=precision
        )
        taught = is_taught(settings, name, images, fold=cell.fold).to_numpy()
        people = _in_drawn_order(images.loc[taught, "person_id"], seed=cell.fold)
        for share in SHARES:
            some = people[: round(share * len(people))]
            if len(some) < FEWEST:
                return None
            rows = taught & images["person_id"].astype(str).isin(some).to_numpy()
            frame = _fit_and_answer(settings, cell, network, features, images=images, rows=rows)
            frames[_named(share)].append(frame)
            counts[_named(share)].append(len(some))
    tables = {part: pd.concat(found, ignore_index=True) for part, found in frames.items()}
    recipe = settings.members[name]
    as_members = settings.model_copy(update={"members": dict.fromkeys(tables, recipe)})
    judge = Judge(as_members, runs, tables=tables)
    points = []
    for part in tables:
        score = judge.score([part])
        num_people = round(float(np.mean(counts[part])))
        points.append(CurvePoint(num_people, score.value, score.low, score.high))
    doubled = judge.gain([_named(0.5)], [_named(1.0)])
    return LearningCurve(points, doubled.value, doubled.low, doubled.high)


def _named(share: float) -> str:
    return f"people_{share:.0%}"


def _in_drawn_order(person_ids: pd.Series, *, seed: int) -> np.ndarray:
    people = np.unique(person_ids.astype(str))
    return np.random.default_rng([777, seed]).permutation(people)


def _fit_and_answer(
    settings: Experiment,
    cell: Cell,
    network: FaceNetwork,
    features: np.ndarray,
    *,
    images: pd.DataFrame,
    rows: np.ndarray,
) -> pd.DataFrame:
    """The predictions of a fold's held-out images by heads that are fitted on these rows (N,)."""
    from pipeline.models.closed_form import fit_heads
    from pipeline.training.frozen_cell import head_logits

    member = member_context(settings, cell.member)
    assert member.recipe.head is not None
    train = images[rows].reset_index(drop=True)
    fit_heads(
        network,
        features[rows],
        training_targets(member.recipe, member.tasks, train),
        head=member.recipe.head,
        tasks=member.tasks,
        groups=train["person_id"].astype(str).to_numpy(),
    )
    is_held = held_out(settings, images, cell.fold).to_numpy()
    return prediction_frame(
        images.loc[is_held, "image_id"],
        cell,
        view="identity",
        logits=head_logits(network, features[is_held]),
        member=member,
    )
