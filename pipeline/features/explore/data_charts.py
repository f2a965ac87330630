"""The charts of explore: classes, numbers, joint counts, sizes, faces. Tables in, charts out."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.experiment.data_summary import FACE_WORDS, joint_table
from pipeline.experiment.grouping import counted_by
from pipeline.figures.chart import Chart
from pipeline.figures.charts import bars, count_table, histogram, size_map
from pipeline.labels.tasks import Task, to_numbers

Panels = dict[str, Chart]  # by title


def explore_panels(
    images: pd.DataFrame,
    labelled: pd.DataFrame,
    words: pd.DataFrame,
    *,
    tasks: Sequence[Task],
    answer: Sequence[str],
) -> dict[str, Panels]:
    """The charts of each figure, by the figure's name.

    `images` are all of the index with `probability` and `num_faces`, `labelled` those to learn
    from, `words` their classes (a column a task), `answer` the tasks of the contest's answer."""
    figures = {"classes": class_panels(words), "numbers": number_panels(tasks, labelled)}
    if len(answer) > 1:
        table = joint_table(words, list(answer))
        figures["joint"] = {f"images (n = {len(words):,})": count_table(table)}
    figures["sizes"] = size_panels(images, labelled)
    figures["faces"] = face_panels(images)
    return {name: panels for name, panels in figures.items() if panels}


def class_panels(words: pd.DataFrame) -> Panels:
    """Images of each class of each task."""
    panels = {}
    for name in words:
        rows = words[name].value_counts(sort=False)
        panels[f"{name} (n = {len(words):,})"] = bars(list(rows.index), rows.tolist())
    return panels


def number_panels(tasks: Sequence[Task], labelled: pd.DataFrame) -> Panels:
    """The numbers of each task that has any; dashed lines are the contest's edges."""
    panels = {}
    for task in tasks:
        if task.kind == "regression" or task.edges:
            values = to_numbers(task, labelled[task.column], image_ids=labelled["image_id"])
            values = values[~np.isnan(values)]  # a label can be missing
            panels[f"{task.column} (n = {len(values):,})"] = histogram(
                {"train": values}, label=task.column, marks=list(task.edges or [])
            )
    return panels


def size_panels(images: pd.DataFrame, labelled: pd.DataFrame) -> Panels:
    """Widths and heights of images, and how many images there are of one person."""
    panels = {}
    parts = split_parts(images[images["width"] > 0])
    if parts:
        panels["image sizes"] = size_map(parts)
    if counted_by(labelled) == "people":
        each = labelled.groupby("person_id").size().to_numpy()
        title = f"images of one person (n = {len(each):,} people)"
        panels[title] = histogram({"train": each}, label="images", unit="people")
    return panels


def face_panels(images: pd.DataFrame) -> Panels:
    """Where the faces are from, how sure the detector was, and how many it found in an image."""
    outcome = images.groupby(["how", "face_status"]).size()
    names = [
        FACE_WORDS.get(how, how) if how else f"no crop: {status}" for how, status in outcome.index
    ]
    panels = {"where the face is from": bars(names, outcome.tolist())}
    found = split_parts(images[images["how"] == "mtcnn"])
    if found:
        panels["probability of the face"] = histogram(
            {part: frame["probability"].to_numpy() for part, frame in found.items()},
            label="probability",
            log=True,
        )
        panels["faces in an image"] = histogram(
            {part: frame["num_faces"].to_numpy(dtype=np.float64) for part, frame in found.items()},
            label="faces found",
            log=True,
        )
    return panels


def split_parts(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each part that has any: train, then test."""
    parts = sorted(frame["part"].unique(), reverse=True)
    return {part: frame[frame["part"] == part] for part in parts}
