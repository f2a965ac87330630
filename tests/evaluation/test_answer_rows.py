"""The rule that makes one answer of several images is chosen on other folds."""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn import metrics as reference

from pipeline.ensembling.image_pooling import RULES, pool_images
from pipeline.evaluation.answer_rows import PoolingChoice, choose_pooling
from pipeline.labels.tasks import Task
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.metrics import find_metric
from pipeline.metrics.score_rows import EvaluationSplit, EvaluationTarget

TASK = Task(name="old", kind="binary", column="old", classes=("0", "1"), metric="roc_auc")
SPACE = AnswerSpace("answer", (TASK,), "roc_auc")
GROUPS, EACH = 300, 9
CODES = np.repeat(np.arange(GROUPS), EACH)


def choose(scores: np.ndarray, truth: np.ndarray, *, asked: str = "choose") -> PoolingChoice:
    """The choice for a score an image, with the truth of each group."""
    rules = RULES["binary"] if asked == "choose" else (asked,)
    joints = {
        rule: pool_images(scores[:, None], CODES, num_groups=GROUPS, kind="binary", rule=rule)
        for rule in rules
    }
    split = EvaluationSplit(
        folds=np.arange(GROUPS) % 4,
        person_ids=np.arange(GROUPS).astype(str),
        num_draws=200,
        test_share=0.25,
        unit="groups",
        per="video",
    )
    target = EvaluationTarget("answer", "roc_auc", find_metric("roc_auc"), truth)
    evaluation = SimpleNamespace(
        images=np.arange(GROUPS), split=split, of_space=lambda space: target
    )
    return choose_pooling(evaluation, SPACE, joints, asked=asked)


def test_outliers_are_left_out_where_that_is_better() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=GROUPS).astype(np.float64)
    scores = 0.5 + 0.06 * (truth[CODES] - 0.5) + rng.normal(0, 0.03, GROUPS * EACH)
    junk = rng.random(GROUPS * EACH) < 0.2  # a frame without a face says anything
    scores[junk] = rng.integers(2, size=junk.sum())
    choice = choose(np.clip(scores, 0, 1), truth)
    assert choice.rule == "median" and choice.gain.low > 0
    assert set(choice.nested) == {"median"}
    assert choice.record["nested_gain"]["value"] == choice.gain.value


@pytest.mark.parametrize("seed", range(5))
def test_random_labels_are_at_chance_and_the_mean_stays(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=GROUPS).astype(np.float64)
    scores = rng.uniform(size=GROUPS * EACH)
    choice = choose(scores, truth)
    assert choice.rule == "mean"
    nested = np.empty(GROUPS)
    for rule in set(choice.nested):
        pooled = pool_images(scores[:, None], CODES, num_groups=GROUPS, kind="binary", rule=rule)
        nested[choice.nested == rule] = pooled[choice.nested == rule, 0]
    spread = np.sqrt((GROUPS + 1) / (12 * truth.sum() * (GROUPS - truth.sum())))
    assert abs(reference.roc_auc_score(truth, nested) - 0.5) < 3 * spread


def test_a_rule_that_is_asked_for_is_taken() -> None:
    choice = choose(np.zeros(GROUPS * EACH), np.arange(GROUPS) % 2.0, asked="log_odds")
    assert (choice.rule, choice.record) == ("log_odds", {"rule": "log_odds", "asked": "log_odds"})
