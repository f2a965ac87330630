"""What answers score on the people that no fold holds, beside their OOF."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.evaluation.answer_rows import judge_answers
from pipeline.evaluation.as_written import WriterOf
from pipeline.evaluation.decisions import (
    decide_space,
    say_score,
    score_on_test,
    score_with_interval,
)
from pipeline.experiment.blend import blend_spaces
from pipeline.experiment.cells import used_members
from pipeline.experiment.predictions import read_predictions
from pipeline.labels.units import Unit
from pipeline.metrics.answer_space import ANSWER, AnswerSpace
from pipeline.storage import Runs


def ensemble_scores(
    settings: Experiment,
    runs: Runs,
    images: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    *,
    writer_of: WriterOf,
) -> list[dict]:
    """By answer the ensemble's score on the lockbox (images with the members' predictions in
    `tables`), beside that of its OOF; both as `writer_of` the experiment writes them."""
    oof_tables = {name: read_predictions(runs, name, "oof") for name in used_members(settings)}
    judged = judge_answers(settings, runs, oof_tables)
    evaluation = judged.evaluation
    tables, images = judged.of_new(tables, images)
    ids = evaluation.images["image_id"]
    oof = blend_spaces(judged.tables, image_ids=ids, part="oof", settings=settings)
    blended = blend_spaces(tables, image_ids=images["image_id"], part="test", settings=settings)
    unit, per = evaluation.split.unit, evaluation.split.per
    write = writer_of(settings, runs, evaluation)
    scores = []
    for space in evaluation.spaces:
        decision = decide_space(
            evaluation, space, oof[space.name], wanted=settings.ensemble.threshold
        )
        joint = blended[space.name]
        seen = write(space, joint, space.decide(joint, threshold=decision.threshold))
        draws = settings.bootstrap
        locked = score_lockbox(space, seen, images, unit=unit, num_draws=draws, per=per)
        found = {"source": "ensemble", "answer": space.name, "lockbox": locked}
        before = write(space, oof[space.name], decision.oof_answers)
        score = score_with_interval(evaluation.of_space(space), before, split=evaluation.split)
        scores.append({**found, "oof": score})
    return scores


def score_lockbox(
    space: AnswerSpace,
    seen: np.ndarray,
    images: pd.DataFrame,
    *,
    unit: Unit,
    num_draws: int,
    per: str = "",
) -> dict:
    """The score of what the metric looks at. Raises ValueError where no image has its label."""
    score = score_on_test(space, seen, test=images, unit=unit, num_draws=num_draws, per=per)
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
