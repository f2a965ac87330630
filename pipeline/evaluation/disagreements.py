"""Where two candidates of `compare` disagree, image by image and attribute by attribute."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.console.table_layout import layout_table
from pipeline.evaluation.candidate_predictions import CandidatePredictions
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.labels.tasks import Task, is_labelled, label_texts
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.disagreements import band_numbers, count_by_group, losses, surprise
from pipeline.metrics.paired import show_number

SHOWN = 8  # attributes' values that are printed for a pair
LEAST = 30  # images that a printed value has
MOST_VALUES = 12  # of a label column that counts as an attribute
NO_LABELS = (
    *("image_id", "path", "person_id", "part", "status", "message", "width", "height"),
    *("row", "face_status", "num_faces", "fold", "answer_per"),
)


def disagreement_tables(
    evaluation: EvaluationSet,
    name: str,
    *,
    pair: tuple[str, str],
    predictions: Mapping[str, CandidatePredictions],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two tables of one pair: the images that only one of them answers well, and their counts.

    `name` is the task or the answer, `predictions` those of each candidate. The images are in
    order of how far apart the two are, the farthest first; the counts are by attribute.
    """
    first, second = predictions[pair[0]], predictions[pair[1]]
    space = _space_of(evaluation, name)
    truth = evaluation.of_space(space).truth
    groups = attributes(evaluation)
    first_loss = losses(space.kind, truth, first.decided)
    second_loss = losses(space.kind, truth, second.decided)

    counts = count_by_group(first_loss, second_loss, groups)
    counts.insert(0, "question", name)
    counts.insert(1, "first", pair[0])
    counts.insert(2, "second", pair[1])
    counts.insert(3, "means", "nearer the truth" if space.kind == "regression" else "right")

    gap = surprise(space.kind, truth, first.probs) - surprise(space.kind, truth, second.probs)
    apart = np.flatnonzero(first_loss != second_loss)
    apart = apart[np.argsort(-np.abs(gap[apart]), kind="stable")]
    rows = pd.DataFrame(
        {
            "question": name,
            "first": pair[0],
            "second": pair[1],
            "image_id": evaluation.images["image_id"].to_numpy()[apart],
            "person_id": evaluation.images["person_id"].to_numpy()[apart],
            "fold": evaluation.split.folds[apart],
            "truth": _words(space, truth[apart]),
            "first_answer": _words(space, first.decided[apart]),
            "second_answer": _words(space, second.decided[apart]),
            "nearer": np.where(first_loss[apart] < second_loss[apart], pair[0], pair[1]),
            "gap": np.abs(gap[apart]),
        }
    )
    for attribute, values in groups.items():
        rows[attribute] = values[apart]
    return rows, counts


def attributes(evaluation: EvaluationSet) -> dict[str, np.ndarray]:
    """By attribute, its value in words of each image (N,).

    An attribute is a task's class, a band of a task's number, or another label column that has few
    values.
    """
    groups = {}
    for task in evaluation.tasks:
        truth = evaluation.of_task(task, task.metric).truth
        if task.kind == "regression":
            groups[task.name] = band_numbers(truth)
        elif task.kind == "multilabel":
            groups |= _label_groups(task, truth)
        else:
            words = np.full(len(truth), "?", dtype=object)
            known = is_labelled(truth)
            words[known] = np.array(task.classes, dtype=object)[truth[known].astype(np.int64)]
            groups[task.name] = words
    taken = {*NO_LABELS, *(task.column for task in evaluation.tasks)}
    for column in evaluation.images.columns:
        values = evaluation.images[column]
        if column not in taken and 1 < values.nunique() <= MOST_VALUES:
            name = "face found by" if column == "how" else column
            groups[name] = values.fillna("?").astype(str).to_numpy(dtype=object)
    return groups


def _label_groups(task: Task, truth: np.ndarray) -> dict[str, np.ndarray]:
    """Of several labels (N, C) each as an attribute: yes, no, or ? where it is not known."""
    groups = {}
    for place, word in enumerate(task.classes):
        said = np.where(truth[:, place] > 0.5, "yes", "no").astype(object)
        said[np.isnan(truth[:, place])] = "?"
        groups[f"{task.name}: {word}"] = said
    return groups


def describe_disagreements(tables: list[pd.DataFrame]) -> list[str]:
    """The attributes in which each pair disagrees most, in the pair's first table only."""
    lines = []
    described = set()
    for counts in tables:
        pair = (counts.loc[0, "first"], counts.loc[0, "second"])
        if pair not in described:
            described.add(pair)
            lines += _describe_pair(counts)
    return lines


def _describe_pair(counts: pd.DataFrame) -> list[str]:
    """The counts of one pair as a sentence and a table."""
    target, first, second, means = counts.loc[0, ["question", "first", "second", "means"]]
    whole = counts.iloc[0]
    means_word = means.split()[0]  # `nearer` fits a table's head, `nearer the truth` does not
    frequent = counts[(counts["attribute"] != "all") & (counts["num"] >= LEAST)].head(SHOWN)
    rows = [("attribute", "value", "n", f"{first} {means_word}", f"{second} {means_word}", "share")]
    for row in frequent.itertuples():
        numbers = (str(row.num), str(row.first_nearer), str(row.second_nearer))
        rows.append((row.attribute, row.value, *numbers, f"{row.share:.1%}"))
    table = [] if frequent.empty else layout_table(rows, left=2, indent=2)
    return [
        "",
        f"where {first} and {second} disagree on {target}: of {whole['num']} images "
        f"{first} alone is {means} in {whole['first_nearer']}, {second} alone in "
        f"{whole['second_nearer']}",
        *table,
    ]


def _space_of(evaluation: EvaluationSet, name: str) -> AnswerSpace:
    """The answer of this name, or a task's as one."""
    for space in evaluation.spaces:
        if space.name == name:
            return space
    task = next(task for task in evaluation.tasks if task.name == name)
    return AnswerSpace(name, (task,), task.metric)


def _words(space: AnswerSpace, values: np.ndarray) -> np.ndarray:
    """Answers (N,) as a reader knows them: class names, numbers, or several labels' words."""
    if space.kind == "multilabel":
        return label_texts(space.tasks[0], values)
    if space.kind == "regression":
        return np.array([show_number(float(value)) for value in values], dtype=object)
    return np.array(space.classes, dtype=object)[values.astype(np.int64)]
