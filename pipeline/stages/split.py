"""split: who is held out, balanced on several labels; what is proved, and what is not known."""

from collections.abc import Sequence

import pandas as pd

from pipeline.console.installation import COMMAND
from pipeline.experiment.grouping import describe_grouping, grouping_facts, say_caveat
from pipeline.experiment.images_table import (
    read_all_images,
    read_images_table,
    split_column,
    usable,
)
from pipeline.experiment.tasks import contest_tasks
from pipeline.experiment.teaching_images import count_unnamed_extra
from pipeline.experiment.work import Work
from pipeline.features.audit.unnamed import probe_without_names
from pipeline.folds.balance import certificate, describe
from pipeline.folds.leak_checks import check_folds
from pipeline.labels.answer_groups import is_grouped
from pipeline.preprocessing.extra_copies import find_extra_copies, say_extra_copies
from pipeline.preprocessing.fold_labels import balanced_labels
from pipeline.preprocessing.split_images import assign_split, keep_together, lock_away
from pipeline.storage import Runs, display_path, write_json, write_table
from pipeline.tables import FOLDS, OK, check_table


def run(work: Work) -> None:
    """Writes the folds with their certificate, and the lockbox where one is asked for."""
    settings, runs = work.settings, work.runs
    folds = settings.folds
    images = _usable_images(runs, reject=settings.crop.reject)
    tasks = contest_tasks(settings)
    names = folds.balance or tuple(task.name for task in tasks)
    labels = balanced_labels(images, tasks=tasks, names=names)
    units = keep_together(settings, runs, images)
    per = settings.competition.answered_per if is_grouped(images) else None
    if per is not None and folds.by == "label":
        raise ValueError(
            f"folds.by: label tears apart the images of one {per}, which are answered together; "
            "person keeps them"
        )
    grouping = describe_grouping(
        images,
        units,
        lookalikes=folds.lookalikes,
        by=folds.by,
        per=per,
        num_unnamed_extra=count_unnamed_extra(runs),
    )

    held_back = lock_away(folds, runs, units, labels)
    if folds.lockbox:
        locked = images.loc[held_back, ["image_id"]].assign(person_id=units[held_back])
        write_table(runs.lockbox, locked)
        count = grouping.count(len(locked), locked["person_id"].nunique())
        print(
            f"split: lockbox: {count} are in no fold; {COMMAND} lockbox {settings.as_typed} scores "
            "them, when all is chosen: each opening is counted"
        )
    images, labels = images[~held_back], labels[~held_back].reset_index(drop=True)
    units = units[~held_back]

    table = pd.DataFrame({"image_id": images["image_id"].to_numpy(), "person_id": units})
    certificates = []
    for repeat in range(folds.repeats):
        assigned = assign_split(folds, runs, images, units, labels, repeat=repeat)
        table[split_column(repeat)] = assigned.folds
        if folds.by != "label":  # folds by label keep nobody together: the caveat says so
            line = check_folds(
                images["image_id"], units, assigned.folds, num_folds=folds.num, unit=grouping.unit
            )
            print(f"split: {f'split {repeat + 1}: ' if folds.repeats > 1 else ''}{line}")
        found = certificate(
            assigned.folds, units, labels, unit=grouping.unit, start=assigned.start or None
        )
        certificates.append(found)
        print(describe(found))
    if grouping.caveat:
        print(f"split: {say_caveat(grouping.caveat)}")
    first, *others = certificates
    stored = {**first, "grouping": grouping_facts(grouping)}
    if others:
        stored["repeats"] = others
    if settings.competition.extra:
        every = read_all_images(runs)
        every = every[every["status"] == OK].reset_index(drop=True)
        copies = find_extra_copies(runs, every, correlation=settings.audit.correlation)
        write_table(runs.extra_copies, copies)
        print("\n".join(f"split: {line}" for line in say_extra_copies(copies)))
    write_json(runs.certificate, stored)
    write_table(runs.folds, check_table(table, FOLDS))
    if grouping.unit != "people":
        print("\n".join(f"split: {line.lstrip()}" for line in probe_without_names(settings, runs)))
    print(f"split: wrote {display_path(runs.folds)} and {display_path(runs.certificate)}")


def _usable_images(runs: Runs, *, reject: Sequence[str]) -> pd.DataFrame:
    """The images that folds are made of; says how many `crop.reject` leaves out."""
    everything = read_images_table(runs)
    images = usable(everything, reject=reject)
    if reject:
        left_out = len(usable(everything)) - len(images)
        print(f"split: {left_out} images rejected ({', '.join(reject)}), {len(images)} left")
    return images
