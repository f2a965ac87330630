"""index: the contest's own tables and folders become the images table, one row an image."""

from pathlib import Path

import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.data_summary import say_parts
from pipeline.experiment.grouping import describe_names, names_caveat, say_caveat
from pipeline.experiment.settings_guard import table_digests
from pipeline.experiment.tasks import contest_tasks
from pipeline.experiment.work import Work
from pipeline.labels.answer_groups import ask_for_groups, is_grouped
from pipeline.labels.find_files import say_what_lies_there
from pipeline.leaderboard.sample_file import read_sample
from pipeline.preprocessing.measure_images import measure_all
from pipeline.preprocessing.read_contest import check_boxes, read_contest
from pipeline.preprocessing.read_extra import add_extra, check_extra_roots, say_extra
from pipeline.preprocessing.unseen_images import check_test_images, missing_train_note
from pipeline.sample.contest import say_other_people
from pipeline.storage import Runs, display_path, write_json, write_table
from pipeline.tables import IMAGES, OK, check_same_ids, check_table


def check(work: Work) -> None:
    """Raises ValueError when the contest's folder is not there, the file of its fixes, or
    a folder of its other data."""
    contest = work.settings.competition
    if contest.drawn is None and not work.runs.root.is_dir():
        raise ValueError(
            f"root: no folder {work.runs.root}; say where the images of {contest.name} lie with "
            "root=/path/to/folder"
        )
    if work.runs.fixes is not None and not work.runs.fixes.is_file():
        raise ValueError(
            f"competition.fixes: no file {contest.fixes!r} in {work.runs.root} or in the project"
        )
    check_extra_roots(contest)


def run(work: Work) -> None:
    """Reads the tables, measures every image, and writes the images table."""
    contest, root = work.settings.competition, work.runs.root
    if contest.drawn is not None:
        drawn = contest.drawn
        other = say_other_people(root, num_people=drawn.people, num_test_people=drawn.test_people)
        if other:
            print(f"index: {display_path(root)}: {other}")
    # before they are read, and before the index: a table edited meanwhile is then seen to differ
    write_json(work.runs.tables, table_digests(contest, root))
    tasks = contest_tasks(work.settings)
    found = read_contest(contest, tasks, root=root, fixes=work.runs.fixes)
    for note in found.notes:
        print(f"index: {note}")
    check_test_images(found.images, root=root, most=contest.missing_test)  # before all are opened
    whole = add_extra(contest, tasks, work.runs, found.images)
    for note in whole.notes:
        print(f"index: {note}")
    frame = measure_all(work, whole.images)
    check_boxes(frame)
    for note in missing_train_note(frame):
        print(f"index: {note}")
    usable = frame[(frame["part"] == "train") & (frame["status"] == OK)]
    if not len(usable):
        raise ValueError(_say_unusable(frame, root=root))
    frame = _check_sample(work.settings, work.runs, frame)
    said = check_test_images(frame, root=root, most=contest.missing_test)
    if said:
        print(f"index: {said}")
    for line in say_extra(contest, tasks, frame):
        print(f"index: {line}")
    write_table(work.runs.images, check_table(frame, IMAGES))
    counts, who = say_parts(frame), describe_names(usable)
    print(f"index: {counts}; {who}; wrote {display_path(work.runs.images)}")
    folds = work.settings.folds
    per = contest.answered_per if is_grouped(frame) else None
    caveat = names_caveat(usable, lookalikes=folds.lookalikes, by=folds.by, per=per)
    if caveat:
        print(f"index: {say_caveat(caveat)}")


def _say_unusable(frame: pd.DataFrame, *, root: Path) -> str:
    """Why there is nothing to learn from: which status how many rows have, and the first row."""
    train = frame[frame["part"] == "train"]
    if not len(train):
        return f"{root}: the train table has no rows"
    found = train["status"].value_counts().items()
    counts = ", ".join(f"{count} {status}" for status, count in found)
    first = train.iloc[0]
    return (
        f"{root}: no train image that can be read and has its labels ({counts}); the first is "
        f"{root / first['path']}: {first['message']}; {say_what_lies_there(root, first['path'])}; "
        "do the layout's images: and path: fit?"
    )


def _check_sample(settings: Experiment, runs: Runs, frame: pd.DataFrame) -> pd.DataFrame:
    """The images table with the test groups that the contest's sample file asks for.

    Raises ValueError when it asks for other images than the test part holds.
    """
    sample = read_sample(settings, runs)
    test = frame[frame["part"] == "test"]
    if sample is None or not len(test):
        return frame
    if is_grouped(frame):
        per = settings.competition.answered_per
        frame, notes = ask_for_groups(frame, sample.ids, per=per, source=sample.name)
        for note in notes:
            print(f"index: {note}")
        return frame
    asked = test.loc[~test["status"].isin(["junk", "unlisted"]), "image_id"]
    check_same_ids(sample.ids, asked, what=f"ids of {sample.name}", other="the test images")
    return frame
