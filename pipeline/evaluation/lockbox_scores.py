"""What answers score on the people that no fold holds, beside their OOF."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.evaluation.decisions import decide_space, say_score, score_on_test
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.blend import blend_spaces
from pipeline.experiment.cells import used_members
from pipeline.experiment.predictions import read_predictions
from pipeline.labels.units import Unit
from pipeline.metrics.answer_space import ANSWER, AnswerSpace
from pipeline.storage import Runs


def ensemble_scores(
    settings: Experiment, runs: Runs, images: pd.DataFrame, tables: Mapping[str, pd.DataFrame]
) -> list[dict]:
    """By answer the ensemble's score on the lockbox (images with the members' predictions in
    `tables`), beside that of its OOF."""
    oof_tables = {name: read_predictions(runs, name, "oof") for name in used_members(settings)}
    evaluation = EvaluationSet.of_tables(settings, runs, oof_tables)
    ids = evaluation.images["image_id"]
    oof = blend_spaces(oof_tables, image_ids=ids, part="oof", settings=settings)
    blended = blend_spaces(tables, image_ids=images["image_id"], part="test", settings=settings)
    unit = evaluation.split.unit
    scores = []
    for space in evaluation.spaces:
        decision = decide_space(
            evaluation, space, oof[space.name], wanted=settings.ensemble.threshold
        )
        seen = space.scored(blended[space.name], threshold=decision.threshold)
        locked = score_lockbox(space, seen, images, unit=unit, num_draws=settings.bootstrap)
        found = {"source": "ensemble", "answer": space.name, "lockbox": locked}
        scores.append({**found, "oof": decision.record["oof"]})
    return scores


def score_lockbox(
    space: AnswerSpace, seen: np.ndarray, images: pd.DataFrame, *, unit: Unit, num_draws: int
) -> dict:
    """The score of what the metric looks at. Raises ValueError where no image has its label."""
    score = score_on_test(space, seen, test=images, unit=unit, num_draws=num_draws)
    if score is None:
        names = ", ".join(task.name for task in space.tasks)
        raise ValueError(
            f"lockbox: none of its {len(images)} images has its label of {names}, so there is "
            "nothing to score; a larger folds.lockbox may hold some"
        )
    return score


def say_lockbox(score: dict) -> str:
    """OOF and lockbox side by side, and what to make of them."""
    oof, locked = score["oof"], score["lockbox"]
    holds = locked["low"] <= oof["value"] <= locked["high"]
    verdict = "OOF lies in its interval" if holds else "OOF lies outside of its interval"
    name = score["source"]
    if score["answer"] != ANSWER:
        name += f" {score['answer']}"
    return f"{name}: {say_score('OOF', oof)}; {say_score('lockbox', locked)}: {verdict}"
