"""Metrics of drawn people are the numbers that the metrics compute of the drawn images."""

import numpy as np
import pytest

from pipeline.metrics.bootstrap import bca_interval, drawn_values, left_out_values, person_interval
from pipeline.metrics.metric import Metric
from pipeline.metrics.metrics import FAMILY_EXAMPLES, METRICS, find_metric
from pipeline.metrics.paired import paired_difference

RNG = np.random.default_rng(3)
NUM = 240
PEOPLE = RNG.integers(60, size=NUM).astype(str)
GROUP = (RNG.random(NUM) < 0.3) * 0.9


def made(metric: Metric, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Truth and two answers of a kind, as the metric looks at them; some classes come once only."""
    if kind == "multiclass":
        truth = np.minimum(RNG.geometric(0.3, size=NUM), 12)
        if metric.looks_at == "probs":
            probs = RNG.dirichlet(np.ones(13), size=(2, NUM)).round(2)  # many are equal
            return truth, probs[0], probs[1]
        return truth, np.where(RNG.random(NUM) < 0.6, truth, 2), RNG.permutation(truth)
    if kind == "binary":
        truth = (RNG.random(NUM) < 0.05).astype(np.float32)
        if metric.looks_at != "decision":
            return truth, RNG.random(NUM).round(1), (RNG.random(NUM) + truth).clip(0, 1)
        return truth, (RNG.random(NUM) < 0.05).astype(int), truth.astype(int)
    if kind == "multilabel":
        truth = (RNG.random((NUM, 4)) < [0.5, 0.3, 0.2, 0.05]).astype(np.float32)
        truth[RNG.random((NUM, 4)) < 0.1] = np.nan  # not every label of an image is known
        if metric.looks_at == "probs":
            return truth, RNG.random((NUM, 4)).round(1), RNG.random((NUM, 4))
        return truth, (RNG.random((NUM, 4)) < 0.3) * 1, (RNG.random((NUM, 4)) < 0.5) * 1
    truth = RNG.random(NUM).astype(np.float32) * 20
    noise = RNG.normal(0, 5, (2, NUM))
    return truth, np.maximum(truth + noise[0], 0).round(), np.maximum(truth + noise[1], 0)


@pytest.mark.parametrize("name", [*METRICS, *FAMILY_EXAMPLES])
def test_drawn_values_are_those_of_the_drawn_images(name: str) -> None:
    metric = find_metric(name)
    for kind in metric.kinds:
        truth, first, second = made(metric, kind)
        drawing = {"person_ids": PEOPLE, "num_draws": 150, "seed": 9}
        group = GROUP if metric.needs_group else None
        found = drawn_values(metric, truth, [first, second], group=group, **drawing)
        slow = drawn_values(metric.compute, truth, [first, second], group=group, **drawing)
        np.testing.assert_allclose(found, slow, rtol=1e-10, atol=1e-12)
        value = metric.as_score(metric.compute(truth, second, group))
        value -= metric.as_score(metric.compute(truth, first, group))
        difference = paired_difference(metric, truth, first, second, group=group, **drawing)
        assert difference.value == pytest.approx(value)
        left = left_out_values(
            metric.compute, truth, [first, second], person_ids=PEOPLE, group=group
        )
        expected = bca_interval(
            metric.as_score(slow[1]) - metric.as_score(slow[0]),
            estimate=value,
            left_out=metric.as_score(left[1]) - metric.as_score(left[0]),
        )
        assert (difference.low, difference.high) == pytest.approx(expected, nan_ok=True)


def test_many_people_are_counted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, answer, _ = made(METRICS["macro_f1"], "multiclass")
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
