"""In which folders the images of the train and of the test rows lie."""

import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from pipeline.console.installation import COMMAND
from pipeline.features.new_contest.class_folders import part_word
from pipeline.features.new_contest.meeting import ImageIndex, Meeting
from pipeline.features.new_contest.survey import Survey
from pipeline.features.new_contest.table_ids import TableIds
from pipeline.features.new_contest.table_roles import Roles, TableFacts
from pipeline.features.new_contest.yaml_writer import Entry

MOST = 0.7  # of the values that meet an image: a folder with fewer is not the only one


@dataclass(frozen=True)
class ImageFolders:
    """The entries of `table` for them; `num_listed` images are answered without a table.

    `is_hidden`: no image of the test rows lies here, and no folder is called as their part.
    """

    entries: list[Entry]
    train: str
    num_listed: int = 0
    doubts: list[str] = field(default_factory=list)
    is_hidden: bool = False


def choose_folders(
    survey: Survey, roles: Roles, ids: TableIds, index: ImageIndex, *, has_split: bool
) -> ImageFolders:
    """The folders of a contest of tables."""
    assert roles.train is not None
    train = best_folder(roles.train.meeting, avoid="", likes="train")
    entries = [Entry("images", train, "where the paths of the train table begin")]
    doubts: list[str] = []
    if ids.test is not None:
        meeting = _test_meeting(ids.test, ids)
        is_hidden = False
        if not meeting.folders:
            folder = _folder_called_test(survey, train)
            is_hidden = not folder
            doubts.append(_say_no_test_images(ids.test, ids, folder, survey))
        else:
            folder = best_folder(meeting, avoid=train, likes="test")
            doubts += _say_unasked(survey, ids.test, folder, index, train=train)
        if folder and folder != train:
            entries.append(Entry("test_images", folder, "and those of the test rows"))
        return ImageFolders(entries, train, 0, doubts, is_hidden)
    if has_split:
        return ImageFolders(entries, train, 0, doubts)
    folder = _folder_called_test(survey, train)
    if not folder:
        return ImageFolders(entries, train, 0, doubts)
    number = len(survey.images_below(folder))
    entries.append(Entry("test_images", folder, f"{number} images without a table: answered"))
    named = roles.train.meeting.folders.get(folder, 0)
    if named and folder != train:
        doubts.append(
            f"{roles.train.name} also has rows of images in {folder}; they are answered, not learnt"
        )
    return ImageFolders(entries, train, number, doubts)


def best_folder(meeting: Meeting, *, avoid: str, likes: str) -> str:
    """The folder from which most values lead to an image, or nearly as many where it is called as
    its part: some images can be missing there, and both parts may count from 1. Of equal ones that
    which is not the other part's. The folder above all where they lie in several."""
    counts = meeting.folders
    if not counts:
        return "."
    other = "test" if likes == "train" else "train"
    most = max(counts.values())

    def fits(folder: str) -> tuple[bool, int, bool, bool, bool, int, str]:
        part = part_word(folder)
        known = counts[folder]
        own = part == likes and known >= MOST * most
        return (not own, -known, folder == avoid, part == other, part != likes, len(folder), folder)

    best = min(counts, key=fits)
    met = max(1.0, meeting.share * min(meeting.distinct, counts.total()))
    others = {folder: n for folder, n in counts.items() if part_word(folder) != other}
    if counts[best] < MOST * met and len(others) > 1:
        return _above(others)
    return best


def _above(counts: Counter[str] | dict[str, int]) -> str:
    """The deepest folder that all of these lie in."""
    paths = [folder for folder in counts if folder != "."]
    if len(paths) < len(counts):
        return "."
    return os.path.commonpath(paths) or "."


def _test_meeting(test: TableFacts, ids: TableIds) -> Meeting:
    if test.path is not None:
        return test.meeting
    return test.meetings.get(ids.shown_test_id, Meeting())


def _say_no_test_images(test: TableFacts, ids: TableIds, folder: str, survey: Survey) -> str:
    """The sentence for test rows of which no image lies here."""
    first = test.frame[ids.shown_test_id].iloc[0]
    if folder:
        return (
            f"none of the images of {test.name} lies here: {first!r} is none of the images in "
            f"{folder} ({survey.images_below(folder)[0]}, ...)"
        )
    return (
        f"none of the {len(test.frame)} images of {test.name} lies here: taken for a hidden test "
        f"part, whose answers are the likeliest without a look until {COMMAND} infer -c NAME "
        "test=FOLDER answers the images themselves"
    )


def _say_unasked(
    survey: Survey, test: TableFacts, folder: str, index: ImageIndex, *, train: str
) -> list[str]:
    """A sentence about images in the folder of the test rows that no row asks for."""
    inside = survey.images_below(folder)
    if folder in (".", train) or train.startswith(f"{folder}/") or test.path is None:
        return []
    asked = {file for value in test.frame[test.path] for file in index.find(value)}
    left = [path for path in inside if path not in asked]
    if not left:
        return []
    shown = ", ".join(left[:3]) + (", ..." if left[3:] else "")
    verb = "image is" if len(left) == 1 else "images are"
    return [f"{len(left)} {verb} in {folder} that {test.name} does not ask for: {shown}"]


def _folder_called_test(survey: Survey, train: str) -> str:
    """A folder of images that is called as a test part; '' where there is none."""
    found = []
    for folder in survey.image_folders:
        for parent in (PurePosixPath(folder), *PurePosixPath(folder).parents):
            name = parent.as_posix()
            if name not in (".", train) and part_word(name) == "test":
                found.append(name)
    found = [name for name in found if train == "." or not train.startswith(f"{name}/")]
    return min(found, key=lambda name: (len(name), name), default="")
