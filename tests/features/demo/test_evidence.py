"""What demo says beside an answer is counted from out-of-fold answers; checked by hand."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.config import load_experiment
from pipeline.evaluation.candidate_predictions import CandidatePredictions
from pipeline.evaluation.candidates import Candidate
from pipeline.features.demo.evidence import PastAnswers, gather_evidence, past_answers
from pipeline.features.demo.examples import NUM_EXAMPLES, find_examples
from pipeline.inference.readout import TaskPrediction
from pipeline.storage import PROJECT, Runs
from tests.whole_runs import run_words


@pytest.fixture
def settings(contest: Path, plain: Path):
    words = run_words(contest, plain)
    return load_experiment(words[1], words[2:], configs=PROJECT / "configs")


def test_the_answers_of_nearly_this_confidence_are_counted() -> None:
    # 20 answers at 0.9, of which 15 are right; 60 at 0.5, of which none is
    errors = np.array([0.0] * 15 + [1.0] * 5 + [1.0] * 60)
    confidences = np.array([0.9] * 20 + [0.5] * 60)
    past = PastAnswers("multiclass", errors, confidences)
    assert "15 of 20 held-out" in past.say_usual_error(0.92)
    assert "(90 %)" in past.say_usual_error(0.92)
    # 20 are asked for, and the other 40 are exactly as near
    assert "0 of 60 held-out" in past.say_usual_error(0.45)
    assert past.say_usual_error(0.7) == "No held-out answer had nearly this confidence."


def test_a_number_has_its_mean_error_and_labels_their_share() -> None:
    errors = np.array([1.0, 2.0, 6.0])
    said = PastAnswers("regression", errors).say_usual_error(None)
    assert said == "Usual error 3 (mean over 3 held-out answers)."
    said = PastAnswers("multilabel", np.array([0.0, 0.5])).say_usual_error(None)
    assert said == "Usually 25.0 % of the labels are wrong (2 held-out answers)."
    assert PastAnswers("regression", np.array([])).say_usual_error(None) == ""


@pytest.mark.parametrize(
    ("who", "tasks"), [("ensemble", {"mask", "gender", "age"}), ("age", {"age"})]
)
def test_the_page_says_what_the_run_learnt_from(settings, who: str, tasks: set[str]) -> None:
    found = gather_evidence(settings, Runs(settings), who)
    assert set(found.past) == tasks
    words = " ".join(found.sentences)
    assert "84 images of 12 people" in words
    assert "Out-of-fold macro_f1: " in words
    said = TaskPrediction("age", "<30", 0.35, {"<30": 0.35})
    assert "held-out answers of nearly this confidence" in found.say_usual_error(said)
    assert found.say_usual_error(TaskPrediction("other", "x", 0.5, {})) == ""


def test_an_answer_of_one_task_is_found_by_the_name_of_its_task() -> None:
    truth = np.array([20.0, 30.0, np.nan])
    target = SimpleNamespace(truth=truth)
    task = SimpleNamespace(name="age")
    space = SimpleNamespace(name="answer", kind="regression", is_product=False, tasks=(task,))
    evaluation = SimpleNamespace(tasks=[task], spaces=[space], of_space=lambda _: target)
    values = np.array([23.0, 25.0, 70.0])
    found = past_answers(evaluation, {"answer": CandidatePredictions(values, values, values)})
    assert found["age"].errors.tolist() == [3.0, 5.0]  # an image without a label does not count


def test_the_share_of_right_answers_is_that_of_the_stored_answers(settings) -> None:
    runs = Runs(settings)
    table = Candidate("age", "member", settings, runs, ("age",)).tables(with_views=True)["age"]
    found = gather_evidence(settings, runs, "age").past["age"]
    assert len(found.errors) == table["image_id"].nunique()
    assert found.confidences.min() >= 1 / 3  # the greatest of three probabilities


def test_a_run_without_predictions_says_why(settings, tmp_path: Path) -> None:
    moved = Runs(settings).moved(tmp_path)
    found = gather_evidence(settings, moved, "ensemble")
    assert found.past == {}
    assert found.sentences[-1].startswith("No out-of-fold score: ")
    assert find_examples(moved) == []


def test_examples_are_test_images_else_held_out_ones(settings) -> None:
    files = find_examples(Runs(settings))
    assert len(files) == NUM_EXAMPLES
    assert all("eval" in file.parts for file in files)
