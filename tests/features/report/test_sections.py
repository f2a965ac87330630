"""Sections: what they say and draw follows from the tables that they are given."""

import re

import numpy as np
import pytest

from pipeline.config import load_experiment
from pipeline.features.report.audit_page import group_findings
from pipeline.features.report.calibration import confidence_figure, threshold_figures
from pipeline.features.report.context import TargetResult
from pipeline.features.report.experiments import ABSENT, differing_settings
from pipeline.features.report.gallery import best_images, worst_images
from pipeline.features.report.groups import _charts
from pipeline.features.report.scores import confusion_grid
from pipeline.features.report.verdict import lockbox_sentences, say_against_constant
from pipeline.metrics.metrics import find_metric
from pipeline.metrics.reliability import Rate
from pipeline.metrics.score_rows import EvaluationTarget
from pipeline.storage import PROJECT

NAN = float("nan")


def target_of(truth: list[int], probs: list[list[float]]) -> TargetResult:
    """A target of three classes that is answered by the likeliest."""
    codes, rows = np.array(truth), np.array(probs)
    asked = EvaluationTarget("t", "accuracy", find_metric("accuracy"), codes)
    return TargetResult("t", "multiclass", ["a", "b", "c"], asked, rows, rows.argmax(axis=1))


SURE_A, SURE_B, UNSURE_A = [0.9, 0.1, 0.0], [0.2, 0.8, 0.0], [0.5, 0.3, 0.2]


def test_the_surest_mistakes_come_first_and_of_a_person_one() -> None:
    judged = target_of([1, 2, 0, 1], [SURE_A, UNSURE_A, SURE_B, SURE_B])
    people = np.array(["p", "q", "p", "r"])
    assert worst_images(judged, people).tolist() == [0, 1]  # image 2 is of p, who was shown


def test_right_images_are_the_surest_of_each_class_in_turn() -> None:
    judged = target_of([0, 0, 1, 0, 2], [SURE_A, UNSURE_A, SURE_B, SURE_A, SURE_A])
    people = np.array(["p", "q", "r", "s", "t"])
    assert best_images(judged, people).tolist() == [0, 2, 3, 1]


def test_the_confusion_counts_what_is_answered_by_what_is_true() -> None:
    grid = confusion_grid(target_of([0, 0, 1, 2], [SURE_A, SURE_B, SURE_B, SURE_B]))
    assert grid.counts == [[1, 1, 0], [0, 1, 0], [0, 1, 0]]
    assert "4 images, 50.0 % right" in grid.caption


@pytest.mark.parametrize(
    ("gain", "low", "high", "says"),
    [
        (0.2, 0.1, 0.3, "That is 0.2000 better than the best answer that looks at no image"),
        (0.0, -0.1, 0.1, "It can't be told from the best answer that looks at no image"),
        (-0.2, -0.3, -0.1, "That is 0.2000 WORSE than the best answer"),
        (NAN, NAN, NAN, "The best answer that looks at no image scores 0.5000."),
    ],
)
def test_the_score_is_told_better_worse_or_unclear(
    gain: float, low: float, high: float, says: str
) -> None:
    row = {"constant": 0.5, "gain": gain, "gain_low": low, "gain_high": high}
    assert say_against_constant(row).startswith(says)


def test_without_a_constant_nothing_is_said_of_it() -> None:
    row = {"constant": NAN, "gain": NAN, "gain_low": NAN, "gain_high": NAN}
    assert say_against_constant(row) == ""


def test_a_lockbox_is_told_of_its_own_answer_only() -> None:
    found = {"value": 0.7, "low": 0.6, "high": 0.8, "num_images": 50}
    rows = [{"source": "ensemble", "answer": "a", "lockbox": found}]
    (said,) = lockbox_sentences(rows, "a")
    assert "the ensemble scores 0.7000 (95 % 0.6000 to 0.8000, 50 images)" in said
    assert lockbox_sentences(rows, "b") == []


def test_all_charts_of_a_target_have_one_axis_from_zero() -> None:
    judged = target_of([0, 1], [SURE_A, SURE_B])
    near = [Rate("x", 0.1, 0.05, 0.2, 30, 30), Rate("y", 0.2, 0.1, 0.3, 30, 30)]
    far = [Rate("z", 0.7, 0.5, 0.9, 30, 30), Rate("w", 0.8, 0.6, 1.0, 30, 30)]
    ticks = []
    for figure in _charts(judged, {"one": near, "other": far}):
        texts = re.findall(r"<text[^>]*>([\d.]+)</text>", figure.drawing)
        ticks.append(texts)
    assert ticks[0] == ticks[1]
    assert ticks[0][0] == "0"


def test_roc_is_drawn_for_each_class_that_comes_and_not_for_numbers() -> None:
    judged = target_of([0, 1, 0, 1], [SURE_A, SURE_B, UNSURE_A, SURE_B])
    roc, precision = threshold_figures(judged)
    assert "a, AUC 1.000; b, AUC 1.000" in roc.drawing  # class c never comes
    assert "a, AP 1.000" in precision.drawing
    asked = EvaluationTarget("n", "mae", find_metric("mae"), np.array([1.0]))
    number = TargetResult("n", "regression", [], asked, np.array([[1.0]]), np.array([1.0]))
    assert threshold_figures(number) == []


def test_the_confidence_of_right_and_wrong_answers_is_told_apart() -> None:
    figure = confidence_figure(target_of([0, 1, 0], [SURE_A, SURE_A, UNSURE_A]))
    assert "2 right and 1 wrong" in figure.drawing
    assert "1 images of wrong" in figure.drawing


def test_only_settings_that_somebody_set_are_put_side_by_side() -> None:
    configs = PROJECT / "configs"
    first = load_experiment("sample", ["members.age.lr=0.01"], configs=configs)
    second = load_experiment("sample", ["members.age.dropout=0.3"], configs=configs)
    rows = {key: values for key, *values in differing_settings([first, second])}
    assert rows == {
        "members.age.lr": ["0.01", str(second.members["age"].lr)],
        "members.age.dropout": ["(0.0)", "0.3"],
    }


def test_a_member_that_one_side_lacks_shows_what_was_set_of_it() -> None:
    configs = PROJECT / "configs"
    first = load_experiment("sample", [], configs=configs)
    second = first.model_copy(
        update={"members": {name: first.members[name] for name in ("mask", "age")}}
    )
    rows = {key: values for key, *values in differing_settings([first, second])}
    assert all(key.startswith("members.gender.") for key in rows)
    assert rows["members.gender.lr"][1] == ABSENT
    assert "members.gender.dropout" not in rows  # a default of the one, absent from the other


def test_findings_are_grouped_by_their_indent() -> None:
    groups = group_findings(["copies: none", "  no test image", "shift: x\n  y"])
    assert groups == [
        {"line": "copies: none", "details": ["no test image"]},
        {"line": "shift: x", "details": ["y"]},
    ]
