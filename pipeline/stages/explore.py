"""explore: what is in the data before training: a summary, figures, and sheets of crops.

Faces are shown by the number of their crop (`#12`); sheets.csv says which image_id that is.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from pipeline.experiment.crops import crops_of
from pipeline.experiment.data_summary import joint_table, label_words, summary_lines
from pipeline.experiment.fingerprints import explore_recipe
from pipeline.experiment.pictures import read_pictures, usable
from pipeline.experiment.tasks import contest_tasks
from pipeline.experiment.work import Work
from pipeline.labels.tasks import to_numbers
from pipeline.storage import mark, shown, write_table, write_text, writing
from pipeline.tables import FACES, check_table, pick

SHEET = 24  # crops on a sheet
SEED = 777  # of the draw of the examples: the same sheets every time


def run(work: Work) -> None:
    from pipeline.storage import read_table

    pictures = read_pictures(work.runs)
    faces = check_table(read_table(work.runs.faces), FACES)
    faces = pick(faces, pictures["image_id"], what="faces")
    pictures = pictures.assign(
        probability=faces["probability"].to_numpy(), num_faces=faces["num_faces"].to_numpy()
    )
    labelled = usable(pictures, reject=work.settings.crop.reject)
    words = label_words(contest_tasks(work.settings), labelled)
    lines = list(summary_lines(work, pictures, labelled, words))
    figures = _draw_figures(work, pictures, labelled, words)
    sheets = _draw_sheets(work, pictures, labelled, words)
    text = "\n".join(lines)
    write_text(work.runs.explored("summary.txt"), text + "\n")
    mark(work.runs.explored("summary.txt"), explore_recipe(work))
    print(text)
    print(
        f"explore: wrote summary.txt, {len(figures)} figures ({', '.join(figures)}), {sheets} "
        f"sheets of crops and sheets.csv to {shown(work.runs.explored('summary.txt').parent)}"
    )


def _draw_figures(
    work: Work, pictures: pd.DataFrame, labelled: pd.DataFrame, words: pd.DataFrame
) -> list[str]:
    from pipeline.figures.charts import bars, count_table, histogram, save_panels, size_map

    tasks, made = contest_tasks(work.settings), []

    def save(name: str, panels: dict, **options) -> None:
        with writing(work.runs.explored(name)) as temporary:
            save_panels(temporary, panels, **options)
        made.append(name)

    counts = pictures.groupby(["part", "status"]).size()
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
    numbers = [task for task in tasks if task.kind == "number" or task.edges]
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
        save("joint.png", {f"pictures (n = {len(words):,})": count_table(table)}, tall=tall)
    sized = pictures[pictures["width"] > 0]
    each = labelled.groupby("person_id").size().to_numpy()
    parts = _parts(sized)
    panels = {"picture sizes": size_map(parts)} if parts else {}
    panels[f"pictures of one person (n = {len(each):,} people)"] = histogram(
        {"train": each}, label="pictures", unit="people", whole=True
    )
    save("sizes.png", panels)
    outcome = pictures.groupby(["how", "face_status"]).size()
    names = [how or status for how, status in outcome.index]
    panels = {"where the face is from": bars(names, outcome.tolist())}
    found = _parts(pictures[pictures["how"] == "mtcnn"])
    if found:
        panels["probability of the face"] = histogram(
            {part: frame["probability"].to_numpy() for part, frame in found.items()},
            label="probability (pictures on a log axis)",
            log=True,
        )
        panels["faces in a picture"] = histogram(
            {part: frame["num_faces"].to_numpy() for part, frame in found.items()},
            label="faces found (pictures on a log axis)",
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
    work: Work, pictures: pd.DataFrame, labelled: pd.DataFrame, words: pd.DataFrame
) -> int:
    from pipeline.figures.contact_sheet import draw_sheet

    crops, rng, listed, sheets = crops_of(work), np.random.default_rng(SEED), [], 0
    for name, title, chosen in _sheet_rows(pictures, labelled, words, rng=rng):
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
        with writing(work.runs.explored(name)) as temporary:
            sheet.save(temporary, format="PNG")
        listed.append(chosen[["row", "image_id"]].assign(sheet=name))
        sheets += 1
    write_table(work.runs.explored("sheets.csv"), pd.concat(listed)[["sheet", "row", "image_id"]])
    return sheets


def _sheet_rows(
    pictures: pd.DataFrame,
    labelled: pd.DataFrame,
    words: pd.DataFrame,
    *,
    rng: np.random.Generator,
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """File name, title and pictures of every sheet that has any."""
    for task in words:
        for code, word in enumerate(words[task].cat.categories):
            here = labelled[(words[task] == word).to_numpy()]
            picked = np.sort(rng.permutation(len(here))[:SHEET])
            if len(here):
                title = f"{task}: {word}, {len(picked)} of {len(here):,} train pictures"
                yield f"sheet-{task}-{code}.png", title, here.iloc[picked]
    cropped = pictures[pictures["row"] >= 0]
    others = {
        "test": ("test pictures", cropped[cropped["part"] == "test"]),
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
