"""Whether a mirrored or a moved image still has its label, by the names of labels and classes."""

import re
from collections.abc import Sequence

from pipeline.features.new_contest.task_guess import TaskGuess
from pipeline.labels.number_words import is_number

ACROSS = {"x", "x1", "x2", "xmin", "xmax", "cx"}
DOWN = {"y", "y1", "y2", "ymin", "ymax", "cy"}
TURN_WORDS = {"yaw", "roll", "pitch", "gaze", "pose", "tilt", "azimuth", "orientation", "direction"}
SIDE_WORDS = {"left", "right", "clockwise"}


def find_places(tasks: Sequence[TaskGuess]) -> str:
    """The first label that is a place in the image; '' where none is. Places come as x and y: y
    alone is what many call a label."""
    numbers = [task for task in tasks if task.label.kind == "regression"]
    across, down = _first(numbers, ACROSS), _first(numbers, DOWN)
    return across if across and down else ""


def find_turns(tasks: Sequence[TaskGuess]) -> str:
    """The first label of numbers that says how a head is turned; '' where none does."""
    measured = [task for task in tasks if all(is_number(word) for word in task.label.classes)]
    return _first(measured, TURN_WORDS)


def find_sides(tasks: Sequence[TaskGuess]) -> str:
    """The first label or class that speaks of left or right; '' where none does."""
    classes = [word for task in tasks for word in task.label.classes if _words(word) & SIDE_WORDS]
    return _first(tasks, SIDE_WORDS) or next(iter(classes), "")


def _first(tasks: Sequence[TaskGuess], words: set[str]) -> str:
    names = [name for task in tasks for name in (task.columns or (task.column,))]
    return next((name for name in names if _words(name) & words), "")


def _words(name: str) -> set[str]:
    """The words of a name in small letters: of leftEye_x left, eye and x."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return {word for word in re.split(r"[^A-Za-z0-9]+", parted.casefold()) if word}
