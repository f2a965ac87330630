"""Sections: what they say and draw follows from the tables that they are given."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.config import load_experiment
from pipeline.config.loading import say_setting
from pipeline.features.report.audit_page import group_findings
from pipeline.features.report.calibration import confidence_figure, threshold_figures
from pipeline.features.report.constant import place_beside_constant, say_against_constant
from pipeline.features.report.context import TargetResult
from pipeline.features.report.experiments import ABSENT, Side, differing_settings, say_verdict
from pipeline.features.report.gallery import best_images, worst_images
from pipeline.features.report.groups import _charts
from pipeline.features.report.next_steps import larger_image
from pipeline.features.report.scores import confusion_grid, mistake_table, score_figures
from pipeline.features.report.verdict import (
    lockbox_sentences,
    say_verdict_of,
    say_weakest_class,
)
from pipeline.metrics.metrics import find_metric
from pipeline.metrics.paired import Difference
from pipeline.metrics.reliability import Rate
from pipeline.metrics.score_rows import EvaluationTarget
from pipeline.storage import PROJECT, Runs, write_table

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
    table = mistake_table(target_of([0, 0, 1, 2, 0], [SURE_A, *[SURE_B] * 4]))
    assert table is not None
    assert list(table.rows) == [("a", "b", "2", "3", "67 %"), ("c", "b", "1", "1", "100 %")]
    assert mistake_table(target_of([0], [SURE_A])) is None


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "null"),
        (True, "true"),
        ("no", "no"),
        (0.001, "0.001"),
        ([{"HorizontalFlip": {"p": 0.5}}], "[{HorizontalFlip: {p: 0.5}}]"),
        ({}, "{}"),
    ],
)
def test_a_setting_is_shown_as_a_config_holds_it(value: object, says: str) -> None:
    assert say_setting(value) == says


@pytest.mark.parametrize(
    ("gain", "low", "high", "says"),
    [
        (
            0.2,
            0.1,
            0.3,
            "That is 0.2000 better than the best answer that is the same for every image",
        ),
        (0.0, -0.1, 0.1, "It can't be told from the best answer that is the same for every image"),
        (-0.2, -0.3, -0.1, "That is 0.2000 WORSE than the best answer"),
        (
            0.0,
            0.0,
            0.0,
            "It is the score of the best answer that is the same for every image (0.5000)",
        ),
        (NAN, NAN, NAN, "The best answer that is the same for every image scores 0.5000."),
    ],
)
def test_the_score_is_told_better_worse_or_unclear(
    gain: float, low: float, high: float, says: str
) -> None:
    row = {"constant": 0.5, "gain": gain, "gain_low": low, "gain_high": high}
    assert say_against_constant(row).startswith(says)


@pytest.mark.parametrize(
    ("gain", "baseline", "says"),
    [
        ((0.2, 0.1, 0.3), None, "Better than any answer that is the same for every image."),
        ((0.2, 0.1, 0.3), (0.2, 0.1, 0.3), "Better than the baseline."),
        ((0.2, 0.1, 0.3), (-0.2, -0.3, -0.1), "Worse than the baseline."),
        ((0.2, 0.1, 0.3), (0.2, -0.1, 0.3), "It learns, but it is not clearly better than"),
        ((0.1, -0.1, 0.3), (0.2, 0.1, 0.3), "Not clearly better than one answer for all"),
        ((-0.2, -0.3, -0.1), None, "Worse than one answer for all images."),
        ((0.0, 0.0, 0.0), None, "No better than one answer for all images."),
    ],
)
def test_the_verdict_is_one_sentence(
    gain: tuple[float, float, float], baseline: tuple[float, float, float] | None, says: str
) -> None:
    row = dict(zip(("gain", "gain_low", "gain_high"), gain, strict=True))
    found = None if baseline is None else Difference(*baseline)
    assert say_verdict_of(row, found).startswith(says)


def test_classes_that_share_the_lowest_f1_are_counted() -> None:
    rows = [("f1:a", 0.0, 4), ("f1:b", 0.0, 9), ("f1:c", 0.5, 50)]
    classes = pd.DataFrame(rows, columns=["metric", "value", "num_images"])
    assert say_weakest_class(classes) == (
        "Weakest classes: 2 of 3 have F1 0.000, such as b (n = 9)."
    )
    assert say_weakest_class(classes[1:]) == "Weakest class: b, F1 0.000 (n = 9)."


def test_without_a_constant_nothing_is_said_of_it() -> None:
    row = {"constant": NAN, "gain": NAN, "gain_low": NAN, "gain_high": NAN}
    assert say_against_constant(row) == ""


def test_a_lockbox_is_told_of_its_own_answer_only() -> None:
    found = {"value": 0.7, "low": 0.6, "high": 0.8, "num_images": 50, "num_people": 20}
    rows = [{"source": "ensemble", "answer": "a", "lockbox": found}]
    (said,) = lockbox_sentences(rows, "a")
    assert "the ensemble scores 0.7000 (95 % 0.6000 to 0.8000, 50 images)" in said
    assert lockbox_sentences(rows, "b") == []
    (said,) = lockbox_sentences([{**rows[0], "lockbox": {**found, "num_people": 2}}], "a")
    assert "0.7000 (2 people: too few for an interval, 50 images)" in said


def test_a_larger_image_is_advised_for_a_trained_member_with_crops_that_large() -> None:
    settings = load_experiment("sample", [], configs=PROJECT / "configs")
    words = larger_image(settings, "age")
    assert words == "members.age.image_size=128 members.age.crop.size=128"
    found = load_experiment("sample", words.split(), configs=PROJECT / "configs").members["age"]
    assert (found.image_size, found.crop.size) == (128, 128)
    lite = load_experiment("masks-lite", [], configs=PROJECT / "configs")
    name = larger_image(lite, "age").split(".")[1]
    assert lite.members[name].head is None, "a ridge is not trained"
    full = load_experiment("masks", [], configs=PROJECT / "configs")
    asked = larger_image(full, "age")
    own = full.members[asked.split(".")[1]].image_size
    assert int(asked.split()[0].split("=")[1]) > own


@pytest.mark.parametrize(
    ("gain", "says"),
    [
        ((0.0, 0.0, 0.0), "no better than one answer for all images"),
        ((0.1, -0.1, 0.3), "not clearly better than one answer for all images"),
        ((-0.2, -0.3, -0.1), "worse than one answer for all images"),
    ],
)
def test_the_next_step_says_what_the_verdict_says(
    gain: tuple[float, float, float], says: str
) -> None:
    row = dict(zip(("gain", "gain_low", "gain_high"), gain, strict=True))
    assert place_beside_constant(row) == says
    assert say_verdict_of(row, None).lower() == f"{says}."


def test_scores_that_compare_stored_stand_beside_their_difference(tmp_path: Path) -> None:
    settings = load_experiment("sample", [f"runs={tmp_path}"], configs=PROJECT / "configs")
    sides = []
    for name, value in (("one", 0.46), ("two", 0.50)):
        named = settings.model_copy(update={"name": name})
        side = Side(named, Runs(named))
        row = {"source": "all members", "task": "answer", "metric": "macro_f1", "fold": "all"}
        write_table(side.runs.scores, pd.DataFrame([{**row, "value": value}]))
        sides.append(side)
    pair = {"task": "answer", "metric": "macro_f1", "first": "two", "second": "one"}
    difference = {"difference": -0.05, "low": -0.12, "high": 0.01}
    folder = "two--one"
    write_table(
        sides[0].runs.compared(folder, "differences.csv"), pd.DataFrame([{**pair, **difference}])
    )
    scores = [
        {"source": name, "task": "answer", "metric": "macro_f1", "fold": "all", "value": value}
        for name, value in (("two", 0.51), ("one", 0.46))
    ]
    write_table(sides[0].runs.compared(folder, "scores.csv"), pd.DataFrame(scores))
    first, second = say_verdict(sides)
    assert "each image as it is (one 0.4600, two 0.5000)" in first
    assert "as compare scores them, one over two: 0.4600 against 0.5100, −0.0500" in second


def test_of_many_groups_the_large_ones_with_the_largest_errors_are_drawn() -> None:
    judged = target_of([0, 1], [SURE_A, SURE_B])
    small = [Rate(f"s{n}", 1.0, 1.0, 1.0, 2, 2) for n in range(30)]
    large = [Rate(f"g{n}", n / 20, 0.0, 1.0, 30, 30) for n in range(20)]
    (chart,) = _charts(judged, {"one": [*small, *large], "other": small})
    assert "g19" in chart.drawing
    assert "g8" in chart.drawing
    assert "g7" not in chart.drawing
    assert "s1" not in chart.drawing
    assert chart.note.startswith("The 12 groups of 20 images or more")
    assert chart.note.endswith("out of 50 groups.")


def test_all_charts_of_a_target_have_one_axis_from_zero() -> None:
    judged = target_of([0, 1], [SURE_A, SURE_B])
    near = [Rate("x", 0.1, 0.05, 0.2, 30, 30), Rate("y", 0.2, 0.1, 0.3, 30, 30)]
    far = [Rate("z", 0.7, 0.5, 0.9, 30, 30), Rate("w", 0.8, 0.6, 1.0, 30, 30)]
    ticks = []
    figures = _charts(judged, {"one": near, "other": far})
    for figure in figures:
        texts = re.findall(r"<text[^>]*>([\d.]+)</text>", figure.drawing)
        ticks.append(texts)
    assert ticks[0] == ticks[1]
    assert ticks[0][0] == "0"
    assert [each.title for each in figures] == ["by one", "by other"]  # as far apart: as they came


def test_roc_is_drawn_for_each_class_that_comes_and_not_for_numbers() -> None:
    judged = target_of([0, 1, 0, 1], [SURE_A, SURE_B, UNSURE_A, SURE_B])
    roc, precision = threshold_figures(judged)
    assert "a, AUC 1.000; b, AUC 1.000" in roc.drawing  # class c never comes
    assert "a, AP 1.000" in precision.drawing
    asked = EvaluationTarget("n", "mae", find_metric("mae"), np.array([1.0]))
    number = TargetResult("n", "regression", [], asked, np.array([[1.0]]), np.array([1.0]))
    assert threshold_figures(number) == []


def test_of_several_labels_each_has_its_own_curve_and_of_many_the_hardest() -> None:
    """Labels in one curve look told apart where they only differ in how common they are."""
    draws = np.random.default_rng(0)
    truth = (draws.random((60, 9)) < np.linspace(0.2, 0.8, 9)).astype(float)
    truth[:, 8] = 0.0  # never: it has no curve
    probs = np.clip(0.5 * truth + draws.random((60, 9)) / 2.0, 0.0, 1.0)
    probs[:, 3] = 1.0 - probs[:, 3]
    asked = EvaluationTarget("l", "macro_roc_auc", find_metric("macro_roc_auc"), truth)
    names = [f"label{number}" for number in range(9)]
    judged = TargetResult("l", "multilabel", names, asked, probs, (probs > 0.5).astype(float))
    roc, _ = threshold_figures(judged)
    assert roc.title == "l, the 6 hardest of 8: ROC"
    assert "label3, AUC 0.0" in roc.drawing
    assert "label8" not in roc.drawing


def test_the_confidence_of_right_and_wrong_answers_is_told_apart() -> None:
    figure = confidence_figure(target_of([0, 1, 0], [SURE_A, SURE_A, UNSURE_A]))
    assert "2 right and 1 wrong" in figure.drawing
    assert "1 image of wrong" in figure.drawing


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


def test_a_single_member_is_drawn_once() -> None:
    row = {"fold": "all", "value": 0.5, "low": 0.4, "high": 0.6, "constant": NAN}
    alone = pd.DataFrame(
        [{**row, "task": "answer", "source": "all members"}, {**row, "task": "x", "source": "one"}]
    )
    given = {"tasks": ["answer", "x"], "metric": "accuracy", "titles": {"answer": "x"}}
    (chart,) = score_figures(alone, **given)
    assert "x, all members" in chart.drawing
    assert "x, one" not in chart.drawing
    other = alone.assign(value=[0.5, 0.4])
    (chart,) = score_figures(other, **given)
    assert "x, one" in chart.drawing
