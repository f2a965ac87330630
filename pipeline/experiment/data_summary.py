"""What is in the data, counted and in words: classes, combinations, sizes, people, faces."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.console.table_layout import layout_table
from pipeline.experiment.grouping import counted_by, named
from pipeline.experiment.tasks import contest_tasks, targets_of
from pipeline.labels.tasks import Task, is_labelled, to_numbers
from pipeline.metrics.paired import short_number
from pipeline.tables import OK

FACE_WORDS = {  # the column `how` of the images table, for readers
    "mtcnn": "found by the detector",
    "centre": "no face found: cut from the centre",
    "given": "given by the contest",
    "table": "its box stands in the contest's table",
    "": "no crop",
}
CROP_SENTENCES = {  # the same with how many there are
    "mtcnn": "a face was found in {} images",
    "centre": "in {} none was found, so the centre is cut",
    "given": "{} are used whole, as the contest gives them",
    "table": "{} are cut at the box in the contest's table",
}
TRAIN, TEST = "train", "test"


NOT_ASKED = ("junk", "unlisted")  # statuses of files that no table names


def say_parts(images: pd.DataFrame) -> str:
    """How many images each part has, and what is known of those that are not as they should be:
    `560 train images (left out: 1 junk), 210 test images (2 of them missing)`."""
    said = []
    parts = images["part"].astype(str)
    known = [part for part in (TRAIN, TEST) if (parts == part).any()]
    others = sorted(set(parts) - {TRAIN, TEST})
    for part in known + others:
        counts = images.loc[parts == part, "status"].value_counts()
        kept, left_out = 0, []
        of_them = []
        for status, count in counts.items():
            # a test image that can't be read is answered, by the prior
            is_kept = status in (OK, "unlabelled") or (part == TEST and status not in NOT_ASKED)
            if not is_kept:
                left_out.append(f"{count:,} {status}")
                continue
            kept += count
            if status != OK:
                of_them.append(f"{count:,} of them {status}")
        notes = of_them + ([f"left out: {', '.join(left_out)}"] if left_out else [])
        said.append(f"{kept:,} {part} images" + (f" ({'; '.join(notes)})" if notes else ""))
    return ", ".join(said)


def say_faces(faces: pd.DataFrame) -> str:
    """Where the crops of the faces table come from, in words."""
    counts = faces["how"].value_counts()
    said = []
    for how, words in CROP_SENTENCES.items():
        if counts.get(how, 0):
            said.append(words.format(f"{counts[how]:,}"))
    without = faces.loc[faces["how"] == "", "status"].value_counts()
    if len(without):
        each = ", ".join(f"{count:,} {status}" for status, count in without.items())
        said.append(f"without a crop: {each}")
    return "; ".join(said)


def label_words(tasks: list[Task], images: pd.DataFrame) -> pd.DataFrame:
    """One ordered categorical a task: the class of each image, a number's fifth, or NaN for a label
    that is missing; of several labels one a label, yes or no, called `TASK: LABEL`."""
    columns = {}
    targets = targets_of(tasks, images)
    for task in tasks:
        target = targets[task.name]
        if task.kind == "multilabel":
            for place, word in enumerate(task.classes):
                own = np.where(np.isnan(target[:, place]), -1, target[:, place] > 0.5)
                columns[f"{task.name}: {word}"] = pd.Categorical.from_codes(
                    own.astype(np.int64), ["no", "yes"], ordered=True
                )
            continue
        known = is_labelled(target)
        codes = np.full(len(target), -1)  # pandas' code of a missing value
        if task.kind == "regression":
            edges = np.unique(np.quantile(target[known], [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]))
            edges = edges if len(edges) > 1 else np.array([edges[0], edges[0] + 1.0])
            places = np.searchsorted(edges, target[known], side="right") - 1
            codes[known] = np.clip(places, 0, len(edges) - 2)
            classes = _bin_words(edges.tolist())
        else:
            codes[known] = target[known]
            classes = list(task.classes)
        columns[task.name] = pd.Categorical.from_codes(codes, classes, ordered=True)
    return pd.DataFrame(columns)


def joint_table(words: pd.DataFrame, tasks: list[str]) -> pd.DataFrame:
    """Counts of the answer's tasks together: the last task's classes are the columns, the others'
    products the rows; combinations that never come are there with 0."""
    *above, last = tasks
    counts = words.groupby(list(tasks), observed=False).size().unstack(last)
    counts.columns = pd.Index([str(word) for word in counts.columns], name=last)
    rows = [word if isinstance(word, tuple) else (word,) for word in counts.index]
    counts.index = pd.Index(["/".join(map(str, row)) for row in rows], name=" / ".join(above))
    return counts


def _lay_out_counts(table: pd.DataFrame) -> list[str]:
    """The lines of a table of combinations, with the name of its rows in the corner."""
    rows = [[str(table.index.name), *map(str, table.columns)]]
    for name, counts in table.iterrows():
        rows.append([str(name), *map(str, counts)])
    return layout_table(rows, left=1, indent=2)


def summary_lines(
    settings: Experiment, images: pd.DataFrame, labelled: pd.DataFrame, words: pd.DataFrame
) -> Iterator[str]:
    """The printed summary, line by line."""
    tasks = contest_tasks(settings)
    yield f"explore: {settings.competition.name}, {len(images)} images"
    yield say_parts(images)
    sizes = images[images["status"].isin([OK, "unlabelled"]) & (images["width"] > 0)]
    common = sizes.groupby(["width", "height"]).size().sort_values(ascending=False)
    if len(common) == 1:
        (width, height), count = common.index[0], int(common.iloc[0])
        yield f"sizes: all {count} are {width}x{height}"
    elif len(common):
        (width, height), count = common.index[0], int(common.iloc[0])
        yield (
            f"sizes: {len(common)}, commonest {width}x{height} ({count}); "
            f"width {sizes['width'].min()} to {sizes['width'].max()}, "
            f"height {sizes['height'].min()} to {sizes['height'].max()}"
        )
    each = labelled.groupby("person_id").size()
    people_are_named = counted_by(labelled) == "people"
    if people_are_named:
        spread = f"{each.min()} to {each.max()} images each (median {each.median():g})"
        if each.min() == each.max():
            spread = f"{each.min()} images each"
        yield f"people to learn from: {len(each)}, {spread}"
    else:
        num_named = int(named(labelled).sum())
        yield f"images to learn from: {len(labelled)}; {num_named} of them name their person"
    for task in tasks:
        if task.kind == "multilabel":
            yield f"task {task.name}: {', '.join(_label_counts(task, words))}"
            continue
        counts = words[task.name].value_counts(sort=False)
        if task.kind == "regression":
            values = to_numbers(task, labelled[task.column], image_ids=labelled["image_id"])
            low, middle, high = (
                short_number(value, digits=4) for value in np.quantile(values, [0.0, 0.5, 1.0])
            )
            mean, spread = short_number(values.mean(), digits=4), short_number(values.std())
            yield f"task {task.name}: {low} to {high}, mean {mean}, median {middle}, sd {spread}"
            continue
        people = labelled["person_id"].groupby(words[task.name].to_numpy(), observed=False)
        num_people = people.nunique()
        classes = []
        for word, count in counts.items():
            also = f", {num_people.get(word, 0)} people" if people_are_named else ""
            classes.append(f"{word} {count} ({count / len(words):.0%}{also})")
        yield f"task {task.name}: {', '.join(classes)}"
    answer = [name for name in settings.competition.answer.tasks if name in words]
    if len(answer) > 1:
        table = joint_table(words, list(answer))
        flat = table.stack()
        rarest = flat.idxmin()
        yield (
            f"answer: {flat.size} combinations, {int((flat == 0).sum())} never come; the rarest "
            f"is {'/'.join(rarest)} with {int(flat.min())} images, the commonest "
            f"{'/'.join(flat.idxmax())} with {int(flat.max())}"
        )
        yield from _lay_out_counts(table)
    yield f"crops: {say_faces(images)}"
    found = images[images["how"] == "mtcnn"]
    if len(found):
        low = (found["probability"] < 0.9).sum()
        yield (
            f"  probability: lowest {found['probability'].min():.3f}, median "
            f"{found['probability'].median():.4f}, {low} below 0.9; several faces in "
            f"{(found['num_faces'] > 1).sum()} images"
        )


def _label_counts(task: Task, words: pd.DataFrame) -> Iterator[str]:
    """How many images have each of several labels: `Smiling 12 (40%)`."""
    for word in task.classes:
        said = words[f"{task.name}: {word}"]
        count = int((said == "yes").sum())
        yield f"{word} {count} ({count / max(int(said.notna().sum()), 1):.0%})"


def _bin_words(edges: Sequence[float]) -> list[str]:
    """`12 to 30` for each bin between rising edges."""
    return [f"{short_number(low)} to {short_number(high)}" for low, high in pairwise(edges)]
