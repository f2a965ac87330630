"""From blended probabilities to answers, and the score of answers with its interval."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.grouping import counted_by
from pipeline.experiment.tasks import group_of, targets_of
from pipeline.labels.tasks import is_labelled
from pipeline.labels.units import Unit, count_words
from pipeline.metrics.answer_space import AnswerSpace, Threshold
from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.paired import say_difference, show_number
from pipeline.metrics.score_rows import EvaluationSplit, EvaluationTarget
from pipeline.metrics.thresholds import PLAIN, choose_threshold


@dataclass(frozen=True)
class Decision:
    """How one answer is decided: the threshold of a binary one or of each label, and the OOF
    answers (N,), of several labels (N, C).

    `record` holds its score before it is written as `oof`; `notes` are sentences beside that score.
    """

    threshold: Threshold
    record: dict
    notes: list[str]
    oof_answers: np.ndarray


def decide_space(
    evaluation: EvaluationSet,
    space: AnswerSpace,
    joint: np.ndarray,
    *,
    wanted: float | Literal["oof"],
) -> Decision:
    """The decision in an answer, with its OOF score; a chosen threshold only where it helps.

    `wanted` is the threshold of a binary answer; `oof` means that it is chosen, on the other folds.
    """
    target = evaluation.of_space(space)
    split = evaluation.split
    plain = score_with_interval(target, space.scored(joint), split=split)
    name = space.name if len(evaluation.spaces) > 1 else "OOF"
    record: dict[str, object]
    if space.kind not in ("binary", "multilabel"):
        record = {"decision": "value" if space.kind == "regression" else "likeliest class"}
        return Decision(PLAIN, {**record, "oof": plain}, [], space.decide(joint))
    if wanted != "oof" or space.metric.looks_at != "decision":
        threshold = PLAIN if wanted == "oof" else wanted
        score = score_with_interval(target, space.scored(joint, threshold=threshold), split=split)
        record = {"decision": say_threshold(space, threshold), "threshold": threshold, "oof": score}
        notes: list[str] = []
        if threshold != PLAIN:
            record["plain"] = plain
            notes = [
                f"threshold {threshold:g} as asked: {say_score(name, score)}",
                f"threshold 0.5: {say_score(name, plain)}",
            ]
        return Decision(threshold, record, notes, space.decide(joint, threshold=threshold))
    choice = choose_threshold(
        target.truth,
        joint if space.kind == "multilabel" else joint[:, 0],
        metric=target.metric,
        folds=split.folds,
        person_ids=split.person_ids,
        group=target.group,
        num_draws=split.num_draws,
    )
    nested = score_with_interval(target, choice.nested, split=split)
    chosen = choice.threshold
    kept = choice.helps and chosen != PLAIN
    used = "each label's own" if isinstance(chosen, tuple) else f"{chosen:.4f}"
    verdict = f"{used} is used" if kept else "0.5 stays"
    record = {
        "decision": say_threshold(space, chosen),
        "threshold": list(chosen) if isinstance(chosen, tuple) else chosen,
        "oof": nested if kept else plain,
        "plain": plain,
        "nested": nested,
        "nested_gain": asdict(choice.gain),
        "fitted_threshold": choice.fitted,
    }
    notes = [
        f"threshold 0.5: {say_score(name, plain)}",
        f"threshold chosen on the other folds: {say_score(name, nested)}",
        say_difference("threshold 0.5", "the chosen threshold", choice.gain) + f"; {verdict}",
    ]
    answers = choice.nested if kept else space.decide(joint)
    return Decision(chosen, record, notes, answers)


def say_threshold(space: AnswerSpace, threshold: Threshold) -> str:
    """The decision in words."""
    if isinstance(threshold, float):
        what = "labels with a probability" if space.kind == "multilabel" else "score"
        return f"{what} >= {threshold:g}"
    each = zip(space.classes, threshold, strict=True)
    return "labels with a probability >= " + ", ".join(f"{word} {one:.4g}" for word, one in each)


@dataclass(frozen=True)
class KnownTruth:
    """What answers of new images are measured against; `known` (N,) are the rows with labels."""

    target: EvaluationTarget
    split: EvaluationSplit
    known: np.ndarray


def known_truth(
    space: AnswerSpace,
    *,
    test: pd.DataFrame,
    unit: Unit | None = None,
    num_draws: int,
    per: str = "",
) -> KnownTruth | None:
    """The truth of those test images that have their labels; None when there is none. `unit` is
    what their person ids stand for, where that is known; `per` is what a row stands for where it is
    no image.

    Raises ValueError for a label that is none of the task's.
    """
    columns = [task.column for task in space.tasks]
    columns += [task.group for task in space.tasks if task.group is not None]
    if any(column not in test.columns for column in columns):
        return None
    words = test[columns].astype(object)
    known = (words.notna() & (words.astype(str).apply(lambda c: c.str.strip()) != "")).all(axis=1)
    if not known.any():
        return None
    images = test[known].reset_index(drop=True)
    people = images["person_id"].where(images["person_id"].notna(), images["image_id"])
    target = EvaluationTarget(
        task=space.name,
        metric_name=space.metric_name,
        metric=space.metric,
        truth=space.truth(targets_of(space.tasks, images)),
        group=group_of(space.tasks[0], images),
    )
    split = EvaluationSplit(
        folds=np.zeros(len(images), dtype=np.int64),
        person_ids=people.astype(str).to_numpy(),
        num_draws=num_draws,
        test_share=0.0,
        unit=counted_by(images) if unit is None else unit,
        per=per,
    )
    return KnownTruth(target, split, known.to_numpy())


def score_on_test(
    space: AnswerSpace,
    seen: np.ndarray,
    *,
    test: pd.DataFrame,
    num_draws: int,
    per: str = "",
) -> dict | None:
    """The score of what the metric looks at (N,) or (N, C) on those test images that have their
    labels; None when there is none. `per` and what is raised are those of known_truth."""
    found = known_truth(space, test=test, num_draws=num_draws, per=per)
    if found is None:
        return None
    return score_with_interval(found.target, seen[found.known], split=found.split)


def score_with_interval(
    target: EvaluationTarget, answer: np.ndarray, *, split: EvaluationSplit
) -> dict:
    """A score with its interval from drawing people, and how many labelled images it stands on."""
    truth, group = target.truth, target.group
    low, high = person_interval(
        target.metric,
        truth,
        answer,
        person_ids=split.person_ids,
        group=group,
        num_draws=split.num_draws,
    )
    value = target.metric.compute(truth, answer, group)
    labelled = is_labelled(truth)
    return {
        "metric": target.metric_name,
        "value": value,
        "low": low,
        "high": high,
        "num_images": int(labelled.sum()),
        "num_people": len(set(split.person_ids[labelled])),
        "unit": split.unit,
        **({"per": split.per} if split.per else {}),
    }


def say_score(name: str, score: Mapping[str, Any]) -> str:
    """The score in words."""
    value, low, high = (show_number(score[key]) for key in ("value", "low", "high"))
    unit = score.get("unit", "people")  # records of an earlier version do not say
    per = score.get("per", "")
    count = count_words(score["num_images"], score["num_people"], unit, per=per)
    return f"{name} {score['metric']} {value} (95 % {low}..{high}, {count})"
