"""What the data is: parts, classes, what the detector found; the folds and their balance."""

import numpy as np
import pandas as pd

from pipeline.experiment.data_summary import label_words
from pipeline.experiment.images_table import read_images_table, read_labelled
from pipeline.experiment.tasks import contest_tasks
from pipeline.features.report.context import ReportContext
from pipeline.features.report.html.markup import (
    Html,
    drawn,
    join,
    paragraph,
    side_by_side,
    table,
    tag,
)
from pipeline.features.report.html.page import Section, count_grid
from pipeline.features.report.html.svg import plot_bars, plot_columns
from pipeline.folds.balance import balance_table, describe
from pipeline.labels.tasks import to_numbers
from pipeline.storage import display_path, read_json, read_table
from pipeline.tables import FACES, check_table, pick

_HOW = {
    "mtcnn": "found by the detector",
    "centre": "no face found: cut from the centre",
    "given": "given by the contest",
    "": "no crop",
}


def describe_data(context: ReportContext) -> Section:
    """The section on the contest's images."""
    work = context.work
    images, labelled = read_images_table(work.runs), read_labelled(work.runs)
    faces = check_table(read_table(work.runs.faces), FACES)
    faces = pick(faces, images["image_id"], what="faces")
    counts = images.groupby(["part", "status"]).size()
    rows = [(part, status, f"{number:,}") for (part, status), number in counts.items()]
    tasks = contest_tasks(work.settings)
    words = label_words(tasks, labelled)
    figures = []
    for task in tasks:
        if task.kind != "regression":
            found = words[task.name].value_counts(sort=False)
            names = [str(name) for name in found.index]
            says = f"{task.name}: " + ", ".join(f"{n} {c}" for n, c in found.items())
            chart = plot_bars(names, found.tolist(), unit="images", says=says)
            figures.append(drawn(chart, title=f"{task.name}, images to learn from"))
        if task.kind == "regression" or task.edges:
            values = to_numbers(task, labelled[task.column], image_ids=labelled["image_id"])
            figures.append(_histogram(task.column, values))
    return Section(
        "data",
        "Data and faces",
        join(
            table(
                ("part", "status", "images"),
                rows,
                caption=f"All {len(images):,} images of {work.settings.competition.name}",
                words=2,
            ),
            side_by_side(figures),
            tag("h3", "What the detector found"),
            side_by_side(_faces(images.assign(probability=faces["probability"].to_numpy()))),
        ),
    )


def _histogram(name: str, values: np.ndarray) -> Html:
    whole = bool((values == np.round(values)).all())
    low, high = float(values.min()), float(values.max())
    if whole:
        step = max(1, int(np.ceil((high - low + 1) / 40)))
        edges = np.arange(low, high + step + 1, step)
    else:
        edges = np.linspace(low, high if high > low else low + 1.0, 31)
    counts, _ = np.histogram(values, edges)
    says = f"{name} from {low:g} to {high:g}, median {np.median(values):g}"
    chart = plot_columns(edges.tolist(), counts.tolist(), x_label=name, says=says)
    return drawn(chart, title=f"{name}, n = {len(values):,}", note=says)


def _faces(images: pd.DataFrame) -> list[Html]:
    how = images["how"].map(lambda word: _HOW.get(word, word)).value_counts()
    says = ", ".join(f"{name} {count}" for name, count in how.items())
    chart = plot_bars(list(how.index), how.tolist(), unit="images", says=says)
    figures = [drawn(chart, title="Where the face is from")]
    found = images[images["how"] == "mtcnn"]
    if len(found):
        low = int((found["probability"] < 0.9).sum())
        names = ["1 face", "2 faces", "3 or more"]
        several = np.clip(found["num_faces"].astype(int), 1, 3).value_counts()
        counts = [int(several.get(n, 0)) for n in (1, 2, 3)]
        says = ", ".join(f"{n} in {c}" for n, c in zip(names, counts, strict=True))
        chart = plot_bars(names, counts, unit="images", says=says)
        note = (
            f"The main face's probability is {found['probability'].min():.3f} at least, "
            f"{found['probability'].median():.4f} in the median; below 0.9 in {low:,} images."
        )
        figures.append(drawn(chart, title="Faces found in an image", note=note))
    return figures


def describe_folds(context: ReportContext) -> Section:
    """The section on who is held out where, and how even the folds are."""
    work, parts = context.work, []
    if work.runs.certificate.exists():
        promise = read_json(work.runs.certificate)
        parts.append(tag("pre", describe(promise)))
        leak = promise["people_in_two_folds"]
        if leak:
            parts.append(tag("p", f"{leak} people are in more than one fold.", class_="alarm"))
    labelled = read_labelled(work.runs)
    words = label_words(contest_tasks(work.settings), labelled)
    balance = balance_table(labelled["fold"].to_numpy(), words.astype(str))
    folds = [name for name in balance.columns if name.startswith("fold")]
    rows = [f"{row.label}: {row.value}" for row in balance.itertuples()]
    counts = balance[folds].astype(int).to_numpy().tolist()
    titles = [name.replace("fold", "fold ") for name in folds]
    parts.append(
        count_grid(rows, titles, counts, caption="Images of each label in each fold", corner="")
    )
    if not work.runs.certificate.exists():
        parts.append(paragraph(f"{display_path(work.runs.certificate)} is not there.", note=True))
    return Section("folds", "Folds and their balance", join(parts))
