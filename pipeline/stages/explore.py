"""explore: what is in the data before training: a summary, figures, and sheets of crops.

Faces are shown by the number of their crop (`#12`); sheets.csv says which image_id that is.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from pipeline.experiment.data_summary import joint_table, label_words, summary_lines
from pipeline.experiment.fingerprints import explore_key
from pipeline.experiment.images_table import read_images_table, usable
from pipeline.experiment.tasks import contest_tasks
from pipeline.experiment.work import Work
from pipeline.faces.crop_store import open_crops
from pipeline.labels.tasks import to_numbers
from pipeline.storage import atomic_write, display_path, stamp, write_table, write_text
from pipeline.tables import FACES, check_table, pick

SHEET = 24  # crops on a sheet
SEED = 777  # of the draw of the examples: the same sheets every time


def run(work: Work) -> None:
    from pipeline.storage import read_table

    images = read_images_table(work.runs)
    faces = check_table(read_table(work.runs.faces), FACES)
    faces = pick(faces, images["image_id"], what="faces")
    images = images.assign(
        probability=faces["probability"].to_numpy(), num_faces=faces["num_faces"].to_numpy()
    )
    labelled = usable(images, reject=work.settings.crop.reject)
    words = label_words(contest_tasks(work.settings), labelled)
    lines = list(summary_lines(work.settings, images, labelled, words))
    figures = _draw_figures(work, images, labelled, words)
    sheets = _draw_sheets(work, images, labelled, words)
    text = "\n".join(lines)
    write_text(work.runs.explored("summary.txt"), text + "\n")
    stamp(work.runs.explored("summary.txt"), explore_key(work.settings, work.runs))
    print(text)
    print(
        f"explore: wrote summary.txt, {len(figures)} figures ({', '.join(figures)}), {sheets} "
        "sheets of crops and sheets.csv to "
        f"{display_path(work.runs.explored('summary.txt').parent)}"
    )


def _draw_figures(
    work: Work, images: pd.DataFrame, labelled: pd.DataFrame, words: pd.DataFrame
) -> list[str]:
    from pipeline.figures.charts import bars, count_table, histogram, save_panels, size_map

    tasks, made = contest_tasks(work.settings), []

    def save(name: str, panels: dict, **options) -> None:
        with atomic_write(work.runs.explored(name)) as temporary:
            save_panels(temporary, panels, **options)
        made.append(name)

    counts = images.groupby(["part", "status"]).size()
    panels = {}
    for part in sorted(counts.index.get_level_values("part").unique(), reverse=True):
        rows = counts.loc[part]
        panels[f"{part} ({rows.sum():,}) by status"] = bars(list(rows.index), rows.tolist())
    save("counts.png", panels, tall=2.6)
    panels = {}
    for name in words:
        rows = words[name].value_counts(sort=False)
        panels[f"{name} (n = {len(words):,})"] = bars(list(rows.index), rows.tolist())
    save("classes.png", panels)
    numbers = [task for task in tasks if task.kind == "regression" or task.edges]
    if numbers:
        panels = {}
        for task in numbers:
            values = to_numbers(task, labelled[task.column], image_ids=labelled["image_id"])
            whole = bool((values == np.round(values)).all())
            panels[f"{task.column} (n = {len(values):,})"] = histogram(
                {"train": values}, label=task.column, marks=task.edges, whole=whole
            )
        save("numbers.png", panels)
    answer = work.settings.competition.answer.tasks
    if len(answer) > 1:
        table = joint_table(words, list(answer))
        tall = max(3.0, 0.42 * len(table) + 1.4)
        save("joint.png", {f"images (n = {len(words):,})": count_table(table)}, tall=tall)
    sized = images[images["width"] > 0]
    each = labelled.groupby("person_id").size().to_numpy()
    parts = _parts(sized)
    panels = {"image sizes": size_map(parts)} if parts else {}
    panels[f"images of one person (n = {len(each):,} people)"] = histogram(
        {"train": each}, label="images", unit="people", whole=True
    )
    save("sizes.png", panels)
    outcome = images.groupby(["how", "face_status"]).size()
    names = [how or status for how, status in outcome.index]
    panels = {"where the face is from": bars(names, outcome.tolist())}
    found = _parts(images[images["how"] == "mtcnn"])
    if found:
        panels["probability of the face"] = histogram(
            {part: frame["probability"].to_numpy() for part, frame in found.items()},
            label="probability (images on a log axis)",
            log=True,
        )
        panels["faces in an image"] = histogram(
            {part: frame["num_faces"].to_numpy() for part, frame in found.items()},
            label="faces found (images on a log axis)",
            log=True,
            whole=True,
        )
    save("faces.png", panels)
    return made


def _parts(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each part that has any: train, then test."""
    parts = sorted(frame["part"].unique(), reverse=True)
    return {part: frame[frame["part"] == part] for part in parts}


def _draw_sheets(
    work: Work, images: pd.DataFrame, labelled: pd.DataFrame, words: pd.DataFrame
) -> int:
    from pipeline.figures.contact_sheet import draw_sheet

    crops, rng, listed, sheets = open_crops(work.runs.crops), np.random.default_rng(SEED), [], 0
    for name, title, chosen in _sheet_rows(images, labelled, words, rng=rng):
        captions = [
            f"#{row}" if np.isnan(probability) else f"#{row}  p {probability:.3f}"
            for row, probability in zip(chosen["row"], chosen["probability"], strict=True)
        ]
        sheet = draw_sheet(
            [crops[row] for row in chosen["row"]],
            title=title,
            captions=captions,
            columns=8,
            side=112,
        )
        with atomic_write(work.runs.explored(name)) as temporary:
            sheet.save(temporary, format="PNG")
        listed.append(chosen[["row", "image_id"]].assign(sheet=name))
        sheets += 1
    write_table(work.runs.explored("sheets.csv"), pd.concat(listed)[["sheet", "row", "image_id"]])
    return sheets


def _sheet_rows(
    images: pd.DataFrame,
    labelled: pd.DataFrame,
    words: pd.DataFrame,
    *,
    rng: np.random.Generator,
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """File name, title and images of every sheet that has any."""
    for task in words:
        for code, word in enumerate(words[task].cat.categories):
            here = labelled[(words[task] == word).to_numpy()]
            picked = np.sort(rng.permutation(len(here))[:SHEET])
            if len(here):
                title = f"{task}: {word}, {len(picked)} of {len(here):,} train images"
                yield f"sheet-{task}-{code}.png", title, here.iloc[picked]
    cropped = images[images["row"] >= 0]
    others = {
        "test": ("test images", cropped[cropped["part"] == "test"]),
        "centre": ("no face found, cut from the centre", cropped[cropped["how"] == "centre"]),
        "several": ("several faces found", cropped[cropped["num_faces"] > 1]),
    }
    for name, (title, frame) in others.items():
        picked = np.sort(rng.permutation(len(frame))[:SHEET])
        if len(frame):
            said = f"{title}, {len(picked)} of {len(frame):,}"
            yield f"sheet-{name}.png", said, frame.iloc[picked]
    found = cropped[cropped["how"] == "mtcnn"].sort_values("probability", kind="stable")
    if len(found):
        yield "sheet-lowest.png", "the least certain faces", found.head(SHEET)
