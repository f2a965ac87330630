"""Contests without a table: a folder for each class, or bare labels in the order of the images."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from pipeline.features.new_contest.class_folders import ClassFolders, part_word
from pipeline.features.new_contest.draft import Draft, task_entries
from pipeline.features.new_contest.label_kinds import LabelKind, check_label, guess_kind
from pipeline.features.new_contest.other_jobs import (
    FEW_EACH,
    MOST_PEOPLE,
    say_people_as_classes,
)
from pipeline.features.new_contest.survey import Survey
from pipeline.features.new_contest.table_columns import known_values
from pipeline.features.new_contest.task_guess import TaskGuess, guess_metric, task_name
from pipeline.features.new_contest.yaml_writer import Entry

NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class BareLines:
    """A file of labels, one a line, and the folders of the images that it is for."""

    labels: str
    train: str
    test: str | None
    values: tuple[str, ...]


def find_bare_lines(survey: Survey, lines: Mapping[str, Sequence[str]]) -> BareLines | None:
    """The file of labels whose lines are as many as the numbered images of a folder."""
    folders = {folder: _numbered(survey, folder) for folder in survey.image_folders}
    for name in sorted(lines, key=lambda name: "train" not in name.casefold()):
        fitting = [folder for folder, number in folders.items() if number == len(lines[name])]
        fitting.sort(key=lambda folder: (part_word(folder) == "test", folder))
        if not fitting or guess_kind("label", pd.Series(lines[name])).kind == "":
            continue
        train = fitting[0]
        others = [folder for folder in folders if folder != train and folders[folder]]
        others.sort(key=lambda folder: (part_word(folder) not in ("test", "valid"), folder))
        test = others[0] if others else None
        return BareLines(name, train, test, tuple(lines[name]))
    return None


def draft_lines(
    survey: Survey, found: BareLines, *, texts: Mapping[str, str], fixes: Mapping[str, pd.DataFrame]
) -> Draft:
    """The config of a contest with bare labels; `fixes` are tables of corrections by their name."""
    label = guess_kind("label", pd.Series(found.values))
    check_label(label, place=found.labels)
    metric = guess_metric("label", label, texts=texts, sample_name="", answers=None, by_class=False)
    name = _name_in_fixes(fixes)
    task = TaskGuess(name, name, label, metric)
    number = len(found.values)
    lines = [
        Entry("train_images", found.train, f"{number} images in the order of their numbers"),
        Entry("train_labels", found.labels, f"{number} lines: line n is the label of image n"),
    ]
    num_test = 0
    if found.test is not None:
        num_test = len(survey.images_below(found.test))
        lines.append(Entry("test_images", found.test, f"{num_test} images to be answered"))
    value = "number" if label.kind == "regression" else "label"
    submission = [
        Entry("format", "lines", "bare answers in the images' order, as the labels come"),
        Entry("value", value),
    ]
    contest = [Entry("lines", lines), *_fixes(list(fixes))]
    contest += [
        Entry("tasks", task_entries((task,))),
        Entry("answer", [Entry("tasks", [task.name])]),
        Entry("submission", submission),
    ]
    return Draft(
        layout="lines",
        contest=contest,
        tasks=(task,),
        train_images=tuple(survey.images_below(found.train)),
        num_train=number,
        num_test=num_test,
        understood=[
            f"train: {found.train}, {number:,} images; line n of {found.labels} is image n's label",
            f"test: {found.test}, {num_test:,} images, answered as bare lines in their order"
            if found.test
            else "test: none lies here; the train images are answered out of fold",
        ],
        doubts=["nobody says who is in an image: if people come twice, scores are too good"],
    )


def draft_folders(survey: Survey, found: ClassFolders, *, texts: Mapping[str, str]) -> Draft:
    """The config of a contest with a folder for each class.

    Raises ValueError where the folders are people.
    """
    check_class_folders(found)
    number = sum(found.counts.values())
    classes = tuple(found.classes)
    balance = min(found.counts.values()) / (number / len(classes))
    why = f"the names of {len(classes)} folders, {number:,} images"
    kind = "binary" if len(classes) == 2 else "multiclass"
    label = LabelKind(kind, why, classes, balance=balance)
    metric = guess_metric("label", label, texts=texts, sample_name="", answers=None, by_class=False)
    task = TaskGuess("label", "label", label, metric)
    folders = [
        Entry("train", found.train, "holds a folder for each class"),
        Entry("test", found.test, "the images to answer" if found.test else "none lies here"),
    ]
    contest = [Entry("folders", folders)]
    if found.labelled_test:
        contest.append(Entry("truth", True, "the test images lie in folders of the classes too"))
    submission = [Entry("column", "label"), Entry("value", "label", "the names of the folders")]
    contest += [
        Entry("tasks", task_entries((task,))),
        Entry("answer", [Entry("tasks", [task.name])]),
        Entry("submission", submission),
    ]
    test = found.test
    num_test = len(survey.images_below(test)) if test else 0
    doubts = ["nobody says who is in an image: if people come twice, scores are too good"]
    doubts += [f"not used: {folder}" for folder in found.unused]
    inside = survey.images_below(found.train)
    return Draft(
        layout="folders",
        contest=contest,
        tasks=(task,),
        train_images=tuple(inside),
        num_train=number,
        num_test=num_test,
        understood=[
            f"train: {found.train}, a folder for each of {len(classes)} classes: "
            f"{', '.join(classes[:8])}",
            f"test: {test}, {num_test:,} images without a table"
            if test
            else "test: none lies here; the train images are answered out of fold",
        ],
        doubts=doubts,
    )


def check_class_folders(found: ClassFolders) -> None:
    """Raises ValueError where the folders are people rather than classes."""
    number = sum(found.counts.values())
    if len(found.counts) > MOST_PEOPLE and number / len(found.counts) < FEW_EACH:
        raise ValueError(
            say_people_as_classes(
                f"{found.train}, with {len(found.counts)} folders of a few images"
            )
        )


def _numbered(survey: Survey, folder: str) -> int:
    """The images that lie directly in a folder and have a number in their name."""
    inside = [path for path in survey.images if PurePosixPath(path).parent.as_posix() == folder]
    return sum(NUMBER.search(PurePosixPath(path).stem) is not None for path in inside)


def _name_in_fixes(fixes: Mapping[str, pd.DataFrame]) -> str:
    """What the one file of corrections calls the label, which has no name of its own."""
    if len(fixes) != 1:
        return "label"
    (frame,) = fixes.values()
    called = {task_name(column) for column in known_values(frame["column"])}
    return called.pop() if len(called) == 1 else "label"


def _fixes(names: Sequence[str]) -> list[Entry]:
    if len(names) != 1:
        return []
    why = "corrections in this program's own form, laid over the labels; delete to ignore them"
    return [Entry("fixes", names[0], why)]
