import math

import pytest

from pipeline.features.tuning.lr_sweep import Sweep
from pipeline.features.tuning.verdicts import (
    judge_grid,
    judge_initial_loss,
    judge_overfit,
    judge_study,
    judge_sweep,
)

PLAIN = {"formula": "ln 3", "close": 0.1, "constant": None, "size": None}


@pytest.mark.parametrize(("found", "good"), [(1.10, True), (1.2, True), (1.25, False), (9, False)])
def test_the_untrained_loss_may_be_a_tenth_off(found: float, good: bool) -> None:
    verdict = judge_initial_loss("mask", found=found, expected=math.log(3), **PLAIN)
    assert verdict.good == good
    assert "1.0986 (ln 3)" in verdict.says
    assert not judge_initial_loss("mask", found=math.nan, expected=1.0, **PLAIN).good


def test_a_label_far_from_zero_is_told_to_be_scaled() -> None:
    far = {**PLAIN, "constant": 100.0, "size": 40.0}
    verdict = judge_initial_loss("age", found=1700.0, expected=1700.0, **far)
    assert not verdict.good
    assert "competition.tasks.age.scale" in verdict.says
    near = {**PLAIN, "close": 0.5, "size": 0.08}
    verdict = judge_initial_loss("occlusion", found=0.049, expected=0.0137, **near)
    assert not verdict.good
    assert "competition.tasks.occlusion.scale" in verdict.says
    assert judge_initial_loss("occlusion", found=0.015, expected=0.0137, **near).good


def test_a_handful_must_fall_below_the_stated_fraction() -> None:
    facts = {"steps": 80, "number": 16, "goal": 0.2, "config": "-c x.yaml"}
    assert judge_overfit(first=1.0, last=0.2, **facts).good
    verdict = judge_overfit(first=1.0, last=0.21, **facts)
    assert not verdict.good
    assert "frozen" in verdict.says and "(./run.sh explore -c x.yaml)" in verdict.says


def test_a_sweep_whose_best_is_its_edge_is_bad() -> None:
    rates = [1e-4, 1e-3, 1e-2]
    inside = Sweep(steepest=1e-3, last_stable=1e-2, limit_seen=False, picked=1e-3)
    assert judge_sweep(inside, rates=rates, now=1e-3).good
    assert not judge_sweep(inside, rates=rates, now=1e-5).good  # the setting is 100 times away
    for edge in (1e-4, 1e-2):
        sweep = Sweep(steepest=edge, last_stable=1e-2, limit_seen=False, picked=edge)
        assert not judge_sweep(sweep, rates=rates, now=edge).good
    nothing = Sweep(steepest=None, last_stable=None, limit_seen=True, picked=None)
    assert "no rate is stable" in judge_sweep(nothing, rates=rates, now=1e-3).says
    limited = Sweep(steepest=1e-3, last_stable=1e-3, limit_seen=True, picked=5e-4)
    assert "beyond the limit" in judge_sweep(limited, rates=rates, now=2e-3).says


def test_the_grid_names_its_best_and_its_edge() -> None:
    rows = [
        {"lr": lr, "weight_decay": 0.0, "score": -abs(lr - best), "value": 1.0, "metric": "age.mae"}
        for lr, best in ((0.1, 0.3), (0.2, 0.2), (0.3, 0.1))
    ]
    assert "lr 0.2" in judge_grid(rows).says
    assert "edge" not in judge_grid(rows).says
    assert "try a lower rate" in judge_grid([{**row, "score": -row["lr"]} for row in rows]).says
    assert not judge_grid([{**row, "score": None} for row in rows]).good


def test_a_study_that_finds_nothing_better_says_so() -> None:
    same = judge_study(value=0.9, metric="m", shipped=0.9, finished=3)
    assert "no reason to change" in same.says
    better = judge_study(value=0.95, metric="m", shipped=0.9, finished=3)
    assert "the true gain is smaller" in better.says
