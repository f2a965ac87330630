"""audit, fourth part: labels that out-of-fold predictions contradict, and proposed fixes."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.config.audit import Audit
from pipeline.experiment.blend import member_probs
from pipeline.experiment.cells import trained_members
from pipeline.experiment.data_summary import label_words
from pipeline.experiment.grouping import read_grouping
from pipeline.experiment.predictions import read_oof
from pipeline.experiment.tasks import contest_tasks, targets_of
from pipeline.faces.crop_store import open_crops
from pipeline.features.audit.figures import show_labels
from pipeline.features.audit.fixes import put_into_words, say_label_counts, write_fixes
from pipeline.features.audit.probing import describe_probe, probe_tasks
from pipeline.features.audit.pure.confident_learning import (
    find_label_errors,
    find_value_errors,
    pool_people,
)
from pipeline.folds.assignment import assign_folds
from pipeline.labels.tasks import Task, decide, is_labelled, label_texts
from pipeline.labels.units import Unit
from pipeline.storage import Runs, write_table

COLUMNS = (
    *("image_id", "person_id", "task", "column", "given", "suggested", "self_confidence"),
    *("agreeing", "images", "in_fixes", "reason", "row"),
)
TRUSTED = 0.9  # a judge that agrees with fewer labels errs more often than labels usually do
NAN = float("nan")


@dataclass(frozen=True)
class LabelChecker:
    """Out-of-fold probabilities (n, C) of one task for these images, and whose they are."""

    task: Task
    images: pd.DataFrame
    probs: np.ndarray
    said: str


def audit_labels(
    settings: Experiment,
    runs: Runs,
    labelled: pd.DataFrame,
    *,
    sample: pd.DataFrame,
    features: np.ndarray,
    people: np.ndarray,
) -> list[str]:
    """Finds doubted labels, writes labels.csv, fixes.csv and labels.png; gives the sentences.

    `labelled` are all images with labels, `sample` those that the probe looks at, with `features`
    (n, d) and `people` (n,): it checks the tasks that no trained member predicts.
    """
    checkers = member_checkers(settings, runs, labelled)
    by_probe = probe_checkers(settings, sample, features, people=people, but=checkers)
    doubts, lines = find_wrong_labels(settings.audit, runs, {**by_probe, **checkers})
    lines += write_fixes(runs, doubts)
    crops = open_crops(runs.crops)
    show_labels(runs.audited("labels.png"), crops, doubts, number=settings.audit.sheet)
    return lines


def member_checkers(
    settings: Experiment, runs: Runs, labelled: pd.DataFrame
) -> dict[str, LabelChecker]:
    """By task the mean of the trained members that predict it, on the images they answered."""
    found: dict[str, list[tuple[str, np.ndarray]]] = {}  # by task: member and its probabilities
    answered: dict[str, list[str]] = {}  # by task: the ids, the same for all of its members
    for member in trained_members(settings, runs):
        frame = read_oof(settings, runs, member)
        ids = labelled.loc[labelled["image_id"].isin(frame["image_id"]), "image_id"].tolist()
        every = member_probs(frame, image_ids=ids, settings=settings, member=member)
        for task, probs in every.items():
            found.setdefault(task, []).append((member, probs))
            answered.setdefault(task, ids)
    tasks = {task.name: task for task in contest_tasks(settings)}
    checkers = {}
    for name, members in found.items():
        images = labelled[labelled["image_id"].isin(answered[name])].reset_index(drop=True)
        probs = np.mean([probs for _, probs in members], axis=0)
        said = f"the OOF of {', '.join(member for member, _ in members)}"
        checkers[name] = LabelChecker(tasks[name], images, probs, said)
    return checkers


def probe_checkers(
    settings: Experiment,
    images: pd.DataFrame,
    features: np.ndarray,
    *,
    people: np.ndarray,
    but: Collection[str],
) -> dict[str, LabelChecker]:
    """By task, but for those that have a judge, the probe on the images it looks at.

    Copies of an image are kept in one fold, or each would vouch for the other.
    """
    tasks = [task for task in contest_tasks(settings) if task.name not in but]
    if not tasks:
        return {}
    words = label_words(tasks, images).astype(str)
    folds = assign_folds(people, words, num_folds=settings.folds.num, seed=settings.audit.seed)
    probs = probe_tasks(tasks, targets_of(tasks, images), features, folds)
    said = f"{describe_probe(settings.audit.backbone)} (no member is trained)"
    return {task.name: LabelChecker(task, images, probs[task.name], said) for task in tasks}


def find_wrong_labels(
    audit: Audit, runs: Runs, checkers: dict[str, LabelChecker]
) -> tuple[pd.DataFrame, list[str]]:
    """The doubted labels of all tasks, the least believable first, and the sentences."""
    unit = read_grouping(runs).unit
    frames, lines = [], []
    for whole, label in _each_label(checkers.values()):
        checker = _labelled_only(whole)
        doubt = _find_wrong_people if checker.task.constant else _find_wrong_images
        frame, agreeing = doubt(audit, checker)
        if label is not None:
            frame = _as_label_sets(frame, label)
        frames.append(frame)
        lines.append(_line(checker, frame, agreeing=agreeing, unit=unit))
    table = pd.concat(frames, ignore_index=True)
    table = table.sort_values(["in_fixes", "self_confidence"], ascending=[False, True])
    table = table.reset_index(drop=True)
    write_table(runs.audited("labels.csv"), table[list(COLUMNS)])
    return table, lines


@dataclass(frozen=True)
class OneLabel:
    """One of several labels: the task it belongs to, and its place among the task's labels."""

    task: Task
    place: int
    images: pd.DataFrame


def _each_label(
    checkers: Iterable[LabelChecker],
) -> Iterator[tuple[LabelChecker, OneLabel | None]]:
    """The checkers, one of several labels as a checker of a yes or no for each label."""
    for checker in checkers:
        task = checker.task
        if task.kind != "multilabel":
            yield checker, None
            continue
        targets = targets_of([task], checker.images)[task.name]
        for place, word in enumerate(task.classes):
            column = f"{task.column}: {word}"
            said = np.where(targets[:, place] > 0.5, "yes", "no").astype(object)
            said[np.isnan(targets[:, place])] = None
            one = Task(
                name=f"{task.name}: {word}",
                kind="binary",
                column=column,
                classes=("no", "yes"),
                constant=task.constant,
            )
            images = checker.images.assign(**{column: said})
            yield (
                LabelChecker(one, images, checker.probs[:, [place]], checker.said),
                OneLabel(task, place, checker.images),
            )


def _as_label_sets(frame: pd.DataFrame, label: OneLabel) -> pd.DataFrame:
    """Doubts of one label as the task's column has them: a fix is the image's whole text, with
    this label the other way. Doubts of people, whose images have other texts, are no fixes."""
    task = label.task
    if task.constant or not len(frame):
        return frame.assign(column=task.column, in_fixes=False)
    rows = label.images.set_index("image_id").loc[frame["image_id"]].reset_index()
    labels = targets_of([task], rows)[task.name]
    labels[:, label.place] = 1.0 - labels[:, label.place]
    return frame.assign(column=task.column, suggested=label_texts(task, labels))


def _labelled_only(checker: LabelChecker) -> LabelChecker:
    """The checker on the images that have this task's label: others can't contradict it."""
    has_label = is_labelled(targets_of([checker.task], checker.images)[checker.task.name])
    images = checker.images[has_label].reset_index(drop=True)
    return replace(checker, images=images, probs=checker.probs[has_label])


def _find_wrong_images(audit: Audit, checker: LabelChecker) -> tuple[pd.DataFrame, float]:
    """The doubted labels of single images, and the share of all that the judge agrees with."""
    task, images = checker.task, checker.images
    given = targets_of([task], images)[task.name]
    doubts = _judge(task, checker.probs, given, limit=audit.residual)
    doubts = doubts.assign(varied=False, agreeing=1, images=1, place=np.arange(len(images)))
    doubts = doubts.assign(image_id=images["image_id"], person_id="", note="")
    agreeing = _share_agreeing(task, doubts, given)
    return _in_words(checker, doubts[doubts["doubted"]], confidence=audit.confidence), agreeing


def _find_wrong_people(audit: Audit, checker: LabelChecker) -> tuple[pd.DataFrame, float]:
    """The doubted labels of whole people, judged on all their images together, with those of
    people whose label varies although it can't; and the share that the judge agrees with."""
    task, images = checker.task, checker.images
    given = targets_of([task], images)[task.name]
    ids = images["person_id"].astype(str)
    people, pooled = pool_people(checker.probs, ids)
    codes = np.searchsorted(people, ids)
    labels = pd.Series(given).groupby(codes)
    usual = labels.agg(lambda some: some.mode().iloc[0]).to_numpy()
    doubts = _judge(task, pooled, usual, limit=audit.residual)
    suggested = doubts["suggested"].to_numpy()[codes]
    if task.kind == "regression":
        agrees = np.abs(checker.probs[:, 0] - suggested) < np.abs(
            checker.probs[:, 0] - usual[codes]
        )
    elif task.kind == "binary":
        agrees = (checker.probs[:, 0] >= 0.5) == suggested
    else:
        agrees = checker.probs.argmax(axis=1) == suggested
    place = pd.Series(_against(task, checker.probs, usual[codes])).groupby(codes).idxmax()
    doubts = doubts.assign(
        varied=labels.nunique().to_numpy() > 1,
        agreeing=pd.Series(agrees).groupby(codes).sum().to_numpy(),
        images=np.bincount(codes),
        place=place.to_numpy(),
        image_id="",
        person_id=people,
    )
    counts = labels.agg(lambda some: say_label_counts(task, some)).to_numpy()
    doubts["note"] = np.where(doubts["varied"], counts, "")
    agreeing = _share_agreeing(task, doubts, usual)
    return _in_words(
        checker, doubts[doubts["doubted"] | doubts["varied"]], confidence=audit.confidence
    ), agreeing


def _judge(task: Task, probs: np.ndarray, given: np.ndarray, *, limit: float) -> pd.DataFrame:
    """What confident learning, or the robust residual of a number, says of each label."""
    if task.kind == "regression":
        found = find_value_errors(decide(task, probs), given, limit=limit)
        found["suggested"] = found["suggested"].clip(task.low, task.high)
        return found.assign(doubted=found["doubted"] & (found["suggested"] != given))
    if task.kind == "binary":
        probs = np.concatenate([1.0 - probs, probs], axis=1)
    return find_label_errors(probs, given.astype(np.int64))


def _against(task: Task, probs: np.ndarray, given: np.ndarray) -> np.ndarray:
    """How much each image (n,) speaks against a label: the image to be shown of a person."""
    if task.kind == "regression":
        return np.abs(probs[:, 0] - given)
    if task.kind == "binary":
        return np.abs(probs[:, 0] - given)
    return -probs[np.arange(len(probs)), given.astype(int)]


def _in_words(checker: LabelChecker, doubts: pd.DataFrame, *, confidence: float) -> pd.DataFrame:
    """The doubts as the table has them; the sure ones and those that must be settled are fixes."""
    sure = doubts["doubted"] & (doubts["self_confidence"] <= confidence)
    words = put_into_words(
        doubts.assign(in_fixes=sure | doubts["varied"]),
        task=checker.task,
        images=checker.images,
        judged_by=checker.said,
    )
    return words[[*COLUMNS, "varied"]]


def _share_agreeing(task: Task, doubts: pd.DataFrame, given: np.ndarray) -> float:
    """The share of the classes given that are the likeliest too; NaN for numbers."""
    return NAN if task.kind == "regression" else float((doubts["suggested"] == given).mean())


def _line(checker: LabelChecker, frame: pd.DataFrame, *, agreeing: float, unit: Unit) -> str:
    """What was found of one task, in a sentence."""
    task = checker.task
    count = len(checker.images)
    who = "images"
    if task.constant:
        count = checker.images["person_id"].nunique()
        who = unit
    varied = int(frame["varied"].sum())
    also = f"; {varied:,} of them have several labels, and can have one only" if varied else ""
    line = (
        f"labels: {task.name}: {len(frame):,} of {count:,} {who} are doubted by {checker.said}, "
        f"{int(frame['in_fixes'].sum()):,} of them surely enough for fixes.csv{also}"
    )
    if agreeing < TRUSTED:
        line += (
            f"\n  it agrees with only {agreeing:.0%} of these labels: a judge that weak errs more "
            f"often than labels do, so look closely before you believe it"
        )
    return line
