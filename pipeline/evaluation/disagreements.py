"""Where two contenders disagree, by the images' labels; called by compare."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.evaluation.candidate_predictions import CandidatePredictions
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.metrics.disagreements import band_numbers, count_by_group, losses, surprise
from pipeline.metrics.paired import show_number
from pipeline.metrics.text_tables import layout_table

SHOWN = 8  # attributes' values that are printed for a pair
LEAST = 30  # images that a printed value has
MOST_VALUES = 12  # of a label column that counts as an attribute
NO_LABELS = ("image_id", "path", "person_id", "part", "status", "message", "width", "height")
NO_LABELS += ("row", "face_status", "num_faces", "fold")


def disagreement_tables(
    evaluation: EvaluationSet,
    name: str,
    *,
    pair: tuple[str, str],
    given: Mapping[str, CandidatePredictions],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The images where one of the pair is nearer the truth, the widest apart first; and their
    counts by attribute."""
    first, second = (given[who] for who in pair)
    tasks = {task.name: task for task in evaluation.tasks}
    space = next((s for s in evaluation.spaces if s.name == name), None)
    if space is None:
        space = AnswerSpace(name, (tasks[name],), tasks[name].metric)
    truth = evaluation.of_space(space).truth
    one, other = (losses(space.kind, truth, found.decided) for found in (first, second))
    groups = attributes(evaluation)
    counts = count_by_group(one, other, groups)
    counts.insert(0, "question", name)
    counts.insert(1, "first", pair[0])
    counts.insert(2, "second", pair[1])
    counts.insert(3, "means", "nearer the truth" if space.kind == "regression" else "right")
    gap = surprise(space.kind, truth, first.probs) - surprise(space.kind, truth, second.probs)
    apart = np.flatnonzero(one != other)
    apart = apart[np.argsort(-np.abs(gap[apart]), kind="stable")]
    words = {
        key: _words(space, values[apart])
        for key, values in (
            ("truth", truth),
            ("first_answer", first.decided),
            ("second_answer", second.decided),
        )
    }
    rows = pd.DataFrame(
        {
            "question": name,
            "first": pair[0],
            "second": pair[1],
            **{key: evaluation.images[key].to_numpy()[apart] for key in ("image_id", "person_id")},
            "fold": evaluation.split.folds[apart],
            **words,
            "nearer": np.where(one[apart] < other[apart], pair[0], pair[1]),
            "gap": np.abs(gap[apart]),
            **{key: values[apart] for key, values in groups.items()},
        }
    )
    return rows, counts


def attributes(evaluation: EvaluationSet) -> dict[str, np.ndarray]:
    """What an image is, in words (N,): its class in each task, bands of numbers, and the other
    label columns of few values."""
    groups = {}
    for task in evaluation.tasks:
        truth = evaluation.of_task(task, task.metric).truth
        if task.kind == "regression":
            groups[task.name] = band_numbers(truth)
        else:
            groups[task.name] = np.array(task.classes, dtype=object)[truth.astype(np.int64)]
    taken = {*NO_LABELS, *(task.column for task in evaluation.tasks)}
    for column in evaluation.images.columns:
        values = evaluation.images[column]
        if column not in taken and 1 < values.nunique() <= MOST_VALUES:
            name = "face found by" if column == "how" else column
            groups[name] = values.fillna("?").astype(str).to_numpy(dtype=object)
    return groups


def describe_disagreements(tables: list[pd.DataFrame]) -> list[str]:
    """The attributes in which each pair disagrees most, in its first question only."""
    lines, told = [], set()
    for counts in tables:
        target, first, second, means = counts.loc[0, ["question", "first", "second", "means"]]
        if (first, second) in told:
            continue
        told.add((first, second))
        whole, word = counts.iloc[0], means.split()[0]
        lines += [
            "",
            f"where {first} and {second} disagree on {target}: of {whole['num']} images "
            f"{first} alone is {means} in {whole['first_nearer']}, {second} alone in "
            f"{whole['second_nearer']}",
        ]
        display_path = counts[(counts["attribute"] != "all") & (counts["num"] >= LEAST)].head(SHOWN)
        rows = [("attribute", "value", "n", f"{first} {word}", f"{second} {word}", "share")]
        rows += [
            (
                row.attribute,
                row.value,
                str(row.num),
                str(row.first_nearer),
                str(row.second_nearer),
                f"{row.share:.1%}",
            )
            for row in display_path.itertuples()
        ]
        lines += [f"  {line}" for line in layout_table(rows, left=2)]
    return lines


def _words(space: AnswerSpace, values: np.ndarray) -> np.ndarray:
    """Answers as a reader knows them: class names, or numbers."""
    if space.kind == "regression":
        return np.array([show_number(float(value)) for value in values], dtype=object)
    return np.array(space.classes, dtype=object)[values.astype(np.int64)]
