"""explore: what is in the data before training: a page, a summary, figures, and sheets of crops.

Faces are shown by the number of their crop (`#12`); sheets.csv says which image_id that is.
"""

import numpy as np
import pandas as pd

from pipeline.experiment.data_summary import joint_table, label_words, summary_lines
from pipeline.experiment.fingerprints import explore_key
from pipeline.experiment.images_table import read_images_table, usable
from pipeline.experiment.tasks import contest_tasks
from pipeline.experiment.work import Work
from pipeline.faces.crop_store import open_crops
from pipeline.storage import (
    Runs,
    atomic_write,
    display_path,
    now,
    read_table,
    stamp,
    write_table,
    write_text,
)
from pipeline.tables import FACES, check_table, pick

SEED = 777  # of the draw of the examples: the same sheets every time


def run(work: Work) -> None:
    """Writes explore.html, its figures, sheets and summary."""
    from pipeline.features.explore.data_charts import explore_panels
    from pipeline.features.report.explore_page import build_explore_page

    runs, settings = work.runs, work.settings
    images = read_images_table(runs)
    faces = check_table(read_table(runs.faces), FACES)
    faces = pick(faces, images["image_id"], what="faces")
    images = images.assign(
        probability=faces["probability"].to_numpy(), num_faces=faces["num_faces"].to_numpy()
    )
    labelled = usable(images, reject=settings.crop.reject)
    tasks = contest_tasks(settings)
    words = label_words(tasks, labelled)
    answer = [name for name in settings.competition.answer.tasks if name in words]
    lines = list(summary_lines(settings, images, labelled, words))
    panels = explore_panels(images, labelled, words, tasks=tasks, answer=answer)
    figures = _write_figures(work.runs, panels)
    sheets = _write_sheets(work.runs, images, labelled, words)
    page = build_explore_page(
        name=settings.name,
        contest=settings.competition.name,
        images=images,
        summary=lines,
        panels=panels,
        joint=joint_table(words, list(answer)) if len(answer) > 1 else None,
        sheets=[(title, runs.explored(name)) for name, title in sheets.items()],
        made=now(),
        command=" ".join(work.command),
    )
    write_text(runs.explored("explore.html"), page)
    text = "\n".join(lines)
    write_text(runs.explored("summary.txt"), text + "\n")
    stamp(runs.explored("summary.txt"), explore_key(settings, runs))
    print(text)
    print(
        f"explore: wrote explore.html, summary.txt, {len(figures)} figures "
        f"({', '.join(figures)}), {len(sheets)} sheets of crops and sheets.csv to "
        f"{display_path(runs.explored('summary.txt').parent)}"
    )


def _write_figures(runs: Runs, panels: dict) -> list[str]:
    """Each figure as a PNG; gives the files' names."""
    from pipeline.figures.chart import save_panels

    names = []
    for name, charts in panels.items():
        with atomic_write(runs.explored(f"{name}.png")) as temporary:
            save_panels(temporary, charts)
        names.append(f"{name}.png")
    return names


def _write_sheets(
    runs: Runs, images: pd.DataFrame, labelled: pd.DataFrame, words: pd.DataFrame
) -> dict[str, str]:
    """The sheets as PNG, and sheets.csv; gives the files' names with their titles."""
    from pipeline.features.explore.example_sheets import choose_sheets, draw

    crops = open_crops(runs.crops)
    rng = np.random.default_rng(SEED)
    listed, titles = [], {}
    for sheet in choose_sheets(images, labelled, words, rng=rng):
        with atomic_write(runs.explored(sheet.name)) as temporary:
            draw(sheet, crops).save(temporary, format="PNG")
        listed.append(sheet.images[["row", "image_id"]].assign(sheet=sheet.name))
        titles[sheet.name] = sheet.title
    write_table(runs.explored("sheets.csv"), pd.concat(listed)[["sheet", "row", "image_id"]])
    return titles
