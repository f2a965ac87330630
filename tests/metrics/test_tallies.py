"""Drawn people counted by tallies give the numbers that the metrics themselves compute."""

import numpy as np
import pytest

from pipeline.metrics.bootstrap import draw_people, drawn_values, percentiles, person_interval
from pipeline.metrics.metrics import METRICS
from pipeline.metrics.paired import paired_difference

RNG = np.random.default_rng(3)
NUM = 240
PEOPLE = RNG.integers(60, size=NUM).astype(str)
GROUP = (RNG.random(NUM) < 0.3) * 0.9


def made(kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth and two answers of a kind; of the classes some come once only."""
    if kind == "multiclass":
        truth = np.minimum(RNG.geometric(0.3, size=NUM), 12)
        return truth, np.where(RNG.random(NUM) < 0.6, truth, 2), RNG.permutation(truth)
    if kind == "binary":
        truth = (RNG.random(NUM) < 0.05).astype(np.float32)
        return truth, (RNG.random(NUM) < 0.05).astype(int), truth.astype(int)
    truth = RNG.random(NUM).astype(np.float32) * 20
    return truth, truth + RNG.normal(0, 5, NUM), truth + RNG.normal(0, 6, NUM)


@pytest.mark.parametrize("name", [name for name in METRICS if METRICS[name].tally is not None])
def test_a_tally_gives_the_metric_s_own_values(name: str) -> None:
    metric = METRICS[name]
    for kind in metric.kinds:
        truth, first, second = made(kind)
        drawing = {"person_ids": PEOPLE, "num_draws": 150, "seed": 9}
        group = GROUP if metric.needs_group else None
        found = drawn_values(metric, truth, [first, second], group=group, **drawing)
        some = [None] * 150 if group is None else [group[d] for d in draw_people(**drawing)]
        slow = [
            [metric.compute(truth[draw], answer[draw], part) for answer in (first, second)]
            for draw, part in zip(draw_people(**drawing), some, strict=True)
        ]
        np.testing.assert_allclose(found, np.array(slow).T, rtol=1e-11, atol=1e-13)
        value = metric.as_score(metric.compute(truth, second, group))
        value -= metric.as_score(metric.compute(truth, first, group))
        difference = paired_difference(metric, truth, first, second, group=group, **drawing)
        assert difference.value == pytest.approx(value)
        drawn = metric.as_score(np.array(slow)[:, 1]) - metric.as_score(np.array(slow)[:, 0])
        assert (difference.low, difference.high) == pytest.approx(percentiles(drawn), nan_ok=True)


def test_every_metric_but_the_ranking_one_has_a_tally() -> None:
    assert [name for name in METRICS if METRICS[name].tally is None] == ["roc_auc"]


def test_many_people_are_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, answer, _ = made("multiclass")
    given = {"person_ids": PEOPLE, "num_draws": 50, "seed": 4}
    whole = person_interval(METRICS["macro_f1"], truth, answer, **given)
    monkeypatch.setattr("pipeline.metrics.bootstrap._MOST_COUNTS", 7 * len(set(PEOPLE)))
    assert person_interval(METRICS["macro_f1"], truth, answer, **given) == whole
    assert person_interval(METRICS["macro_f1"].compute, truth, answer, **given) == pytest.approx(
        whole
    )


def test_a_metric_that_can_be_gamed_says_how() -> None:
    """Err_F 0.01, Err_M 0.04: with 0.004 more for the women the score falls by 0.002."""
    truth, group = np.zeros(200), np.repeat([0.0, 1.0], 100)
    plain = np.repeat([0.1, 0.2], 100)
    worse = np.where(group < 0.5, np.sqrt(0.014), plain)
    metric = METRICS["occlusion_gap"]
    values = [metric.compute(truth, answer, group) for answer in (plain, worse)]
    assert values == pytest.approx([0.055, 0.053])
    assert "making the better group worse" in metric.gamed_by
    assert not any(METRICS[name].gamed_by for name in METRICS if name != "occlusion_gap")
