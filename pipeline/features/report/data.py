"""What the data is: parts, classes, what the detector found; the folds and their balance."""

import numpy as np
import pandas as pd

from pipeline.experiment.data_summary import FACE_WORDS, label_words
from pipeline.experiment.images_table import read_images_table, read_labelled
from pipeline.experiment.tasks import contest_tasks
from pipeline.features.report.context import ReportContext
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Figure, Grid, Table, figure
from pipeline.figures.charts import bars, histogram
from pipeline.folds.balance import balance_table, describe
from pipeline.labels.tasks import Task, to_numbers
from pipeline.metrics.paired import short_number
from pipeline.storage import display_path, read_json, read_table
from pipeline.tables import FACES, check_table, pick

LOW = 0.9  # probability of a face


def describe_data(context: ReportContext) -> Section:
    """The section on the contest's images."""
    runs = context.runs
    images = read_images_table(runs)
    labelled = read_labelled(runs)
    faces = check_table(read_table(runs.faces), FACES)
    faces = pick(faces, images["image_id"], what="faces")
    images = images.assign(probability=faces["probability"].to_numpy())
    body = render(
        "data.html.j2",
        status=status_table(images, context.settings.competition.name),
        labels=label_figures(contest_tasks(context.settings), labelled),
        faces=face_figures(images),
    )
    says = f"{len(images):,} images"
    return Section("data", "Data and faces", body, says=says, is_open=False)


def status_table(images: pd.DataFrame, contest: str) -> Table:
    """Images by part and status."""
    counts = images.groupby(["part", "status"]).size()
    rows = [(part, status, f"{number:,}") for (part, status), number in counts.items()]
    caption = f"All {len(images):,} images of {contest}"
    return Table(("part", "status", "images"), rows, caption, words=2)


def label_figures(tasks: list[Task], labelled: pd.DataFrame) -> list[Figure]:
    """Of each task its classes, and its numbers where it has any."""
    words = label_words(tasks, labelled)
    figures = []
    for task in tasks:
        if task.kind == "multilabel":
            counts = [int((words[f"{task.name}: {word}"] == "yes").sum()) for word in task.classes]
            says = ", ".join(f"{word} {n}" for word, n in zip(task.classes, counts, strict=True))
            title = f"{task.name}, images to learn from that have the label"
            figures.append(figure(title, bars(list(task.classes), counts), says=says))
        elif task.kind != "regression":
            found = words[task.name].value_counts(sort=False)
            names = [str(name) for name in found.index]
            says = ", ".join(f"{name} {count}" for name, count in found.items())
            chart = bars(names, found.tolist())
            title = f"{task.name}, images to learn from"
            figures.append(figure(title, chart, says=f"{task.name}: {says}"))
        if task.kind == "regression" or task.edges:
            values = to_numbers(task, labelled[task.column], image_ids=labelled["image_id"])
            values = values[~np.isnan(values)]  # a label can be missing
            figures.append(number_figure(task.column, values, edges=task.edges))
    return figures


def number_figure(
    name: str, values: np.ndarray, *, edges: tuple[float, ...] | list[float]
) -> Figure:
    """A histogram of a column's numbers; dashed lines are the contest's edges."""
    chart = histogram({name: values}, label=name, marks=list(edges))
    low, middle, high = (
        short_number(value, digits=4) for value in np.quantile(values, [0.0, 0.5, 1.0])
    )
    says = f"{name} from {low} to {high}, median {middle}"
    return figure(f"{name}, n = {len(values):,}", chart, says=says, note=says)


def face_figures(images: pd.DataFrame) -> list[Figure]:
    """Where faces are from, and how many faces the detector found in an image."""
    how = images["how"].map(lambda word: FACE_WORDS.get(word, word)).value_counts()
    says = ", ".join(f"{name} {count}" for name, count in how.items())
    figures = [figure("Where the face is from", bars(list(how.index), how.tolist()), says=says)]
    found = images[images["how"] == "mtcnn"]
    if len(found):
        low = int((found["probability"] < LOW).sum())
        names = ["1 face", "2 faces", "3 or more"]
        several = np.clip(found["num_faces"].astype(int), 1, 3).value_counts()
        counts = [int(several.get(number, 0)) for number in (1, 2, 3)]
        says = ", ".join(f"{name} in {count}" for name, count in zip(names, counts, strict=True))
        note = (
            f"The main face's probability is {found['probability'].min():.3f} at least, "
            f"{found['probability'].median():.4f} in the median; below {LOW} in {low:,} images."
        )
        figures.append(figure("Faces found in an image", bars(names, counts), says=says, note=note))
    return figures


def describe_folds(context: ReportContext) -> Section:
    """The section on who is held out where, and how even the folds are."""
    runs = context.runs
    promise = read_json(runs.certificate) if runs.certificate.exists() else None
    labelled = read_labelled(runs)
    words = label_words(contest_tasks(context.settings), labelled)
    balance = balance_table(labelled["fold"].to_numpy(), words.astype(str))
    folds = [name for name in balance.columns if name.startswith("fold")]
    grid = Grid(
        [f"{row.label}: {row.value}" for row in balance.itertuples()],
        [name.replace("fold", "fold ") for name in folds],
        balance[folds].astype(int).to_numpy().tolist(),
        "Images of each label in each fold",
        corner="",
    )
    body = render(
        "folds.html.j2",
        certificate=describe(promise) if promise else "",
        leak=promise["people_in_two_folds"] if promise else 0,
        unit=context.grouping.unit,
        grid=grid,
        missing=display_path(runs.certificate),
    )
    says = f"{len(folds)} folds"
    return Section("folds", "Folds and their balance", body, says=says, is_open=False)
