"""What answers score on the people that no fold holds, beside their OOF."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.evaluation.answer_rows import judge_answers
from pipeline.evaluation.as_written import WriterOf
from pipeline.evaluation.decisions import (
    KnownTruth,
    decide_space,
    known_truth,
    say_score,
    score_with_interval,
)
from pipeline.experiment.blend import blend_spaces
from pipeline.experiment.cells import used_members
from pipeline.experiment.predictions import read_predictions
from pipeline.labels.units import Unit, count_words
from pipeline.metrics.answer_space import ANSWER, AnswerSpace
from pipeline.metrics.paired import Difference, show_number
from pipeline.metrics.score_rows import gain_of
from pipeline.storage import Runs
from pipeline.tables import pick

ENSEMBLE = "ensemble"
FEW = 10  # people: an interval from drawing fewer is far too narrow


@dataclass(frozen=True)
class LockboxAnswer:
    """One answer of the lockbox, by the ensemble or by `stack`.

    `seen` is what the metric looks at, (N,) or (N, C), `ids` names the rows, `oof` is the score on
    the folds.
    """

    source: str
    answer: str
    truth: KnownTruth
    ids: pd.Series
    seen: np.ndarray
    oof: dict

    @property
    def record(self) -> dict:
        """Both scores: source, answer, lockbox and oof."""
        score = score_with_interval(
            self.truth.target, self.seen[self.truth.known], split=self.truth.split
        )
        return {
            "source": self.source,
            "answer": self.answer,
            "lockbox": score,
            "oof": self.oof,
        }

    @property
    def table(self) -> pd.DataFrame:
        """A row each: source, answer, metric, image_id, and what the metric looks at."""
        columns = self.seen.reshape(len(self.ids), -1).astype(np.float64)
        frame = pd.DataFrame(columns, columns=[f"seen{i}" for i in range(columns.shape[1])])
        names = {"source": self.source, "answer": self.answer}
        metric = self.truth.target.metric_name
        return frame.assign(**names, metric=metric, image_id=self.ids.to_numpy())

    def gain_over(self, other: pd.DataFrame) -> Difference:
        """How much better it is than another experiment's rows of the same answer, paired by
        people. Raises ValueError for rows of other images, or of another metric."""
        metric = self.truth.target.metric_name
        if set(other["metric"]) != {metric} or set(other["image_id"]) != set(self.ids):
            raise ValueError(
                f"lockbox: {self.answer}: the other experiment answers other rows, or by another "
                f"metric than {metric}, so nothing is paired"
            )
        columns = [name for name in self.table if str(name).startswith("seen")]
        theirs = pick(other, self.ids, what="lockbox")[columns].to_numpy()
        theirs = theirs.reshape(self.seen.shape).astype(self.seen.dtype)
        known = self.truth.known
        return gain_of(self.truth.target, theirs[known], self.seen[known], split=self.truth.split)


def ensemble_answers(
    settings: Experiment,
    runs: Runs,
    images: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    *,
    writer_of: WriterOf,
) -> list[LockboxAnswer]:
    """The ensemble's answers of the lockbox (images with the members' predictions in `tables`),
    and the score of its OOF; both as `writer_of` the experiment writes them."""
    oof_tables = {name: read_predictions(runs, name, "oof") for name in used_members(settings)}
    judged = judge_answers(settings, runs, oof_tables)
    evaluation = judged.evaluation
    tables, images = judged.of_new(tables, images)
    ids = evaluation.images["image_id"]
    oof = blend_spaces(judged.tables, image_ids=ids, part="oof", settings=settings)
    blended = blend_spaces(tables, image_ids=images["image_id"], part="test", settings=settings)
    unit, per = evaluation.split.unit, evaluation.split.per
    write = writer_of(settings, runs, evaluation)
    answers = []
    for space in evaluation.spaces:
        decision = decide_space(
            evaluation, space, oof[space.name], wanted=settings.ensemble.threshold
        )
        joint = blended[space.name]
        before = write(space, oof[space.name], decision.oof_answers)
        answers.append(
            LockboxAnswer(
                source=ENSEMBLE,
                answer=space.name,
                truth=lockbox_truth(
                    space, images, unit=unit, num_draws=settings.bootstrap, per=per
                ),
                ids=images["image_id"],
                seen=write(space, joint, space.decide(joint, threshold=decision.threshold)),
                oof=score_with_interval(evaluation.of_space(space), before, split=evaluation.split),
            )
        )
    return answers


def lockbox_truth(
    space: AnswerSpace,
    images: pd.DataFrame,
    *,
    unit: Unit,
    num_draws: int,
    per: str = "",
) -> KnownTruth:
    """The truth of the lockbox. Raises ValueError where no image has its label."""
    truth = known_truth(space, test=images, unit=unit, num_draws=num_draws, per=per)
    if truth is None:
        names = ", ".join(task.name for task in space.tasks)
        raise ValueError(
            f"lockbox: none of its {len(images)} images has its label of {names}, so there is "
            "nothing to score; a larger folds.lockbox may hold some"
        )
    return truth


def say_lockbox(score: dict) -> str:
    """OOF and lockbox side by side, and what to make of them."""
    oof, locked = score["oof"], score["lockbox"]
    name = score["source"]
    if score["answer"] != ANSWER:
        name += f" {score['answer']}"
    if locked["num_people"] < FEW:
        unit, per = locked.get("unit", "people"), locked.get("per", "")
        count = count_words(locked["num_images"], locked["num_people"], unit, per=per)
        return (
            f"{name}: {say_score('OOF', oof)}; lockbox {locked['metric']} "
            f"{show_number(locked['value'])} ({count}): an interval of fewer than {FEW} "
            f"{unit} says nothing, so OOF can't be judged by it"
        )
    holds = locked["low"] <= oof["value"] <= locked["high"]
    verdict = "OOF lies in its interval" if holds else "OOF lies outside of its interval"
    return f"{name}: {say_score('OOF', oof)}; {say_score('lockbox', locked)}: {verdict}"
