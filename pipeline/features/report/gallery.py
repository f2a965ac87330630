"""Wrong and right answers as images: those that the ensemble was surest of, and hardest truths."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.console.installation import COMMAND
from pipeline.faces.crop_store import open_crops
from pipeline.features.report.context import ReportContext, TargetResult
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Face, Hint, face
from pipeline.metrics.disagreements import mean_of_known
from pipeline.metrics.prob_metrics import two_columns

SHOWN = 8  # images of a kind: a row on a wide screen


@dataclass(frozen=True)
class Row:
    """A titled row of faces."""

    title: str
    faces: list[Face]


def describe_gallery(context: ReportContext) -> Section:
    """The section: of each target the images that it answers wrong, and right."""
    runs = context.runs
    targets, hints = [], []
    if runs.crops.exists():
        crops = open_crops(runs.crops)
        targets = [
            {"title": judged.title, "rows": rows}
            for judged in context.judged
            if (rows := _rows(context, judged, crops))
        ]
    else:
        hints.append(Hint("The crops are gone.", f"{COMMAND} crop {context.as_typed}"))
    if not runs.explained("").exists():
        what = "What a network looked at in them:"
        hints.append(Hint(what, f"{COMMAND} explain {context.as_typed}"))
    body = render("gallery.html.j2", targets=targets, hints=hints, unit=context.grouping.unit)
    first = context.answers[0]
    says = ""
    if first.kind != "regression":
        says = f"{first.title}: {int((first.errors > 0).sum()):,} of {len(first.truth):,} wrong"
    return Section("gallery", "Right and wrong", body, says=says)


def _rows(context: ReportContext, judged: TargetResult, crops: np.ndarray) -> list[Row]:
    """The rows of a target; one image of a person in each."""
    wrong = worst_images(judged, context.people)[:SHOWN]
    right = best_images(judged, context.people)[:SHOWN]
    if judged.kind == "regression":
        rows = [
            ("furthest off", wrong, _say_number),
            ("nearest", right, _say_number),
        ]
    else:
        say_wrong = _say_wrong_labels if judged.kind == "multilabel" else _say_wrong
        rows = [
            ("wrong, and surest of it", wrong, say_wrong),
            (_name_right(judged), right, _say_right),
        ]
    return [
        Row(title, _faces(context, judged, crops, chosen, say))
        for title, chosen, say in rows
        if len(chosen)
    ]


def worst_images(judged: TargetResult, people: np.ndarray) -> np.ndarray:
    """Positions of images, the worst of each person (N,): the furthest off first, or those that
    are wrong with most confidence."""
    if judged.kind == "regression":
        return _first_of_each(np.argsort(-judged.errors, kind="stable"), people)
    wrong = np.flatnonzero(judged.errors > 0)
    sure = probability_of(judged, judged.decided)[wrong]
    return _first_of_each(wrong[np.argsort(-sure, kind="stable")], people)


def best_images(judged: TargetResult, people: np.ndarray) -> np.ndarray:
    """Positions of right images, one of each person (N,): the nearest first, or the surest of
    every class in turn, so that no class fills the row."""
    if judged.kind == "regression":
        return _first_of_each(np.argsort(judged.errors, kind="stable"), people)
    right = np.flatnonzero(judged.errors == 0)
    sure = probability_of(judged, judged.decided)[right]
    order = right[np.argsort(-sure, kind="stable")]
    order = _first_of_each(order, people)
    if judged.kind == "multilabel":  # no label can take turns: an image has several
        return order
    classes = judged.truth[order].astype(np.int64)
    turns = np.zeros(len(order), dtype=np.int64)  # how many of its class come before
    for code in np.unique(classes):
        here = classes == code
        turns[here] = np.arange(here.sum())
    return order[np.lexsort((classes, turns))]


def _first_of_each(order: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Positions in their order, of each person the first alone."""
    _, first = np.unique(people[order], return_index=True)
    return order[np.sort(first)]


def probability_of(judged: TargetResult, codes: np.ndarray) -> np.ndarray:
    """(N,) the probability of a class in each row; of several labels (N, C) the mean probability
    that each is as the code says."""
    if judged.kind == "multilabel":
        return mean_of_known(np.where(codes > 0.5, judged.probs, 1.0 - judged.probs), codes)
    probs = two_columns(judged.probs)
    return probs[np.arange(len(probs)), codes.astype(np.int64)]


def _name_right(judged: TargetResult) -> str:
    if judged.kind == "multilabel":
        return "right, and surest of it"
    return "right, the surest of each class in turn"


def _say_wrong_labels(judged: TargetResult, place: int) -> str:
    """Which labels of an image are answered wrong: `missed hat; not there: beard (mean 0.573)`."""
    truth, decided = judged.truth[place], judged.decided[place]
    rows = list(zip(judged.classes, truth, decided, strict=True))
    missed = [word for word, true, answer in rows if true == 1 and answer == 0]
    added = [word for word, true, answer in rows if true == 0 and answer == 1]
    said = [f"missed: {', '.join(missed)}"] if missed else []
    said += [f"not there: {', '.join(added)}"] if added else []
    sure = probability_of(judged, judged.decided)[place]
    return f"{'; '.join(said)} (mean {sure:.3f})"


def _say_wrong(judged: TargetResult, place: int) -> str:
    true, answered = judged.word(judged.truth[place]), judged.word(judged.decided[place])
    own = probability_of(judged, judged.truth)[place]
    sure = probability_of(judged, judged.decided)[place]
    return f"{true} ({own:.3f}) taken for {answered} ({sure:.3f})"


def _say_right(judged: TargetResult, place: int) -> str:
    sure = probability_of(judged, judged.decided)[place]
    return f"{judged.word(judged.decided[place])} ({sure:.3f})"


def _say_number(judged: TargetResult, place: int) -> str:
    truth, answer = judged.word(judged.truth[place]), judged.word(judged.decided[place])
    return f"true {truth}, answered {answer}"


def _faces(
    context: ReportContext,
    judged: TargetResult,
    crops: np.ndarray,
    chosen: np.ndarray,
    say: Callable[[TargetResult, int], str],
) -> list[Face]:
    images = context.evaluation.images
    faces = []
    for place in chosen:
        row = int(images["row"].iloc[place])
        image_id = str(images["image_id"].iloc[place])
        faces.append(face(crops[row], says=say(judged, place), row=row, image_id=image_id))
    return faces
