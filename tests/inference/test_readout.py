"""Numbers to words: the decision, the words' probabilities, and JSON there and back."""

import json

import numpy as np
import pytest

from pipeline.features.demo.bars import faces_html, lighter, maps_html
from pipeline.inference.annotate import COLOURS, draw_faces, say_line
from pipeline.inference.readout import (
    FacePrediction,
    OutputSpec,
    TaskPrediction,
    TaskSpec,
    read_outputs,
)
from tests.figures.test_palette import contrast

MASK = TaskSpec("mask", "multiclass", ("worn", "none"))
AGE = TaskSpec("age", "multiclass", ("<30", ">=30", "old"))
JOINT = np.array([[0.1, 0.2, 0.3, 0.05, 0.05, 0.3]])  # worn: 0.6; ages: 0.15, 0.25, 0.6


def test_a_product_is_taken_apart() -> None:
    ((said, answers),) = read_outputs([OutputSpec("answer", (MASK, AGE))], {"answer": JOINT})
    assert answers == {"answer": 2}  # the first of equally likely ones: worn, old
    assert [(s.task, s.text) for s in said] == [("mask", "worn"), ("age", "old")]
    assert said[0].probability == pytest.approx(0.6)
    assert said[1].probs == pytest.approx({"<30": 0.15, ">=30": 0.25, "old": 0.6})


def test_offsets_thresholds_and_limits_decide() -> None:
    offsets = (0.0, 0.0, -2.0, 0.0, 0.0, 0.0)
    assert OutputSpec("answer", (MASK, AGE), offsets=offsets).decide(JOINT).tolist() == [5]
    smile = OutputSpec("smile", (TaskSpec("smile", "binary", ("no", "yes")),), threshold=0.3)
    assert smile.decide(np.array([[0.29], [0.31]])).tolist() == [0, 1]
    years = OutputSpec("age", (TaskSpec("age", "regression", (), 0.0, 120.0),))
    assert years.decide(np.array([[-3.0], [130.0]])).tolist() == [0.0, 120.0]


def test_it_comes_back_from_json() -> None:
    reading = OutputSpec("answer", (MASK, AGE), threshold=0.4, offsets=(0.5,) * 6)
    assert OutputSpec.from_dict(json.loads(json.dumps(reading.as_dict()))) == reading


def a_face(box: tuple[float, ...], *, words: str = "worn") -> FacePrediction:
    said = (
        TaskPrediction("mask", words, 0.98, {words: 0.98, "none": 0.02}),
        TaskPrediction("age", "34", None, {}),
    )
    return FacePrediction(box, "mtcnn", 0.99, said, {"answer": 1})


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_boxes_and_labels_are_seen_on_any_background(grey: int) -> None:
    image = np.full((400, 600, 3), grey, np.uint8)
    boxes = [(50.0, 60.0, 200.0, 260.0), (560.0, -20.0, 640.0, 90.0)]  # one leaves the image
    drawn = draw_faces(image, [a_face(box) for box in boxes])
    assert drawn.shape == image.shape
    for number in range(2):
        colour = tuple(int(COLOURS[number][i : i + 2], 16) for i in (1, 3, 5))
        assert (drawn == colour).all(axis=2).sum() > 200
    assert (drawn == 255).all(axis=2).sum() > 100  # the text is white in any case
    assert (image == grey).all()  # what was given stays


def test_small_images_are_enlarged() -> None:
    drawn = draw_faces(np.zeros((64, 48, 3), np.uint8), [a_face((10.0, 10.0, 40.0, 50.0))])
    assert min(drawn.shape[:2]) >= 320


def test_words_are_words_in_html() -> None:
    html = faces_html([a_face((0.0, 0.0, 9.0, 9.0), words="<30")])
    assert "&lt;30" in html and "<30" not in html and "98.0 %" in html
    assert say_line(TaskPrediction("age", "34", None, {})) == "age 34"


def test_the_usual_error_stands_beside_an_answer() -> None:
    face = a_face((0.0, 0.0, 9.0, 9.0))
    html = faces_html([face], usual=lambda said: "3 < 4" if said.task == "mask" else "")
    assert html.count('class="usual"') == 1 and "3 &lt; 4" in html


def test_a_heatmap_has_its_words_below() -> None:
    html = maps_html([(np.zeros((8, 8, 3), np.uint8), "age <30")])
    assert html.count("age &lt;30") == 2  # for eyes, and for those who hear it
    assert maps_html([]) == ""


def test_bars_are_seen_on_a_light_and_on_a_dark_page() -> None:
    for colour in COLOURS:
        assert contrast(colour, "#ffffff") >= 4.5  # white words on it, too
        assert contrast(lighter(colour), "#18181b") >= 3.0
    assert lighter("#000080") == "#8080c0"
