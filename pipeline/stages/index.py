"""index: the contest's own tables and folders become the images table, one row a picture."""

from concurrent.futures import ThreadPoolExecutor

import pandas as pd
from tqdm import tqdm

from pipeline.images.reading import UnreadablePictureError, measure_picture
from pipeline.labels.layouts.pstage import read_pstage
from pipeline.labels.layouts.table import read_table
from pipeline.labels.tasks import encode
from pipeline.runs import shown, write_table
from pipeline.stages import Work
from pipeline.stages.members import contest_tasks
from pipeline.tables import IMAGES, OK, check_table


def check(work: Work) -> None:
    """Raises ValueError when the contest's folder is not there."""
    contest = work.settings.competition
    if contest.drawn is None and not work.runs.root.is_dir():
        raise ValueError(
            f"root: no folder {work.runs.root}; say where the pictures of {contest.name} lie with "
            "root=/path/to/folder"
        )


def run(work: Work) -> None:
    frame = _measure(work, _read(work))
    usable = (frame["part"] == "train") & (frame["status"] == OK)
    if not usable.any():
        raise ValueError(f"{work.runs.root}: no train picture that can be read and has its labels")
    for task in contest_tasks(work.settings):  # an unknown class is found now, not in training
        labelled = frame[usable]
        encode(task, labelled[task.column], image_ids=labelled["image_id"])
    write_table(work.runs.images, check_table(frame, IMAGES))
    counts = frame.groupby(["part", "status"]).size()
    said = ", ".join(f"{part} {status}: {count}" for (part, status), count in counts.items())
    people = frame.loc[usable, "person_id"].nunique()
    print(f"index: {said}; {people} people in train; wrote {shown(work.runs.images)}")


def _read(work: Work) -> pd.DataFrame:
    contest = work.settings.competition
    if contest.layout == "pstage":
        return read_pstage(work.runs.root)
    labels = dict.fromkeys(task.column for task in contest_tasks(work.settings))
    options = contest.table.model_dump(exclude={"id", "path", "person"})
    named = {f"{word}_column": getattr(contest.table, word) for word in ("id", "path", "person")}
    return read_table(work.runs.root, labels=list(labels), **options, **named)


def _measure(work: Work, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with each picture's size; what is no picture becomes `unreadable`."""
    present = frame.index[frame["status"] == OK]

    def measure(row: int) -> tuple[int, int, str]:
        try:
            return (*measure_picture(work.runs.root / frame.at[row, "path"]), "")
        except UnreadablePictureError as error:
            return 0, 0, str(error)

    with ThreadPoolExecutor() as pool:
        found = list(tqdm(pool.map(measure, present), total=len(present), desc="index", unit="pic"))
    sizes = pd.DataFrame(found, columns=["width", "height", "message"], index=present)
    frame = frame.assign(width=0, height=0)
    frame.loc[present, ["width", "height"]] = sizes[["width", "height"]]
    bad = sizes.index[sizes["message"] != ""]
    frame.loc[bad, "status"] = "unreadable"
    frame.loc[bad, "message"] = sizes.loc[bad, "message"]
    return frame
