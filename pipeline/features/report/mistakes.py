"""Mistakes as images: those the ensemble was surest of, and the truths it believed least."""

from io import BytesIO

import numpy as np
from PIL import Image

from pipeline.faces.crop_store import open_crops
from pipeline.features.report.context import ReportContext, TargetResult, missing
from pipeline.features.report.html.markup import Html, image, join, paragraph, tag
from pipeline.features.report.html.page import Section

SHOWN = 12  # images of a kind
SIDE = 128  # pixels, about 4 kB each
QUALITY = 72


def describe_mistakes(context: ReportContext) -> Section:
    """The section: of each question the images that it gets wrong."""
    work = context.work
    if not work.runs.crops.exists():
        body = missing("The crops are gone.", type_=f"./run.sh crop -c {work.settings.name}")
        return Section("mistakes", "Mistakes", body)
    crops, parts = open_crops(work.runs.crops), []
    for judged in context.judged:
        for title, chosen, says in _kinds(context, judged):
            if len(chosen):
                parts.append(tag("h3", f"{judged.title}: {title}"))
                parts.append(_faces(context, crops, chosen, says))
    if not parts:
        parts = [paragraph("No image is answered wrong.", note=True)]
    hint = f"./run.sh explain -c {work.settings.name}"
    if not work.runs.explained("").exists():
        parts.append(missing("What a network looked at in them:", type_=hint))
    note = "One image of a person at most. #number is the row in the store of crops; image_id."
    return Section("mistakes", "Mistakes", join(paragraph(note, note=True), parts))


def _kinds(context: ReportContext, judged: TargetResult) -> list[tuple[str, np.ndarray, list[str]]]:
    """Title, images and captions of each sheet of a question."""
    worst = worst_images(judged, context.people)
    if judged.kind == "regression":
        chosen = worst[:SHOWN]
        return [("furthest off", chosen, [_say_number(judged, n) for n in chosen])]
    surest, own = worst[:SHOWN], _of_class(judged, judged.truth)
    kinds = [("the mistakes it was surest of", surest, [_say_class(judged, n) for n in surest])]
    if len(judged.classes) > 2:
        rest = np.setdiff1d(worst, surest)
        least = rest[np.argsort(own[rest], kind="stable")][:SHOWN]
        said = [_say_class(judged, n) for n in least]
        kinds.append(("the truths it believed least", least, said))
    return kinds


def worst_images(judged: TargetResult, people: np.ndarray) -> np.ndarray:
    """Positions of images, the worst of each person (N,): the furthest off first, or those that
    are wrong with most confidence."""
    if judged.kind == "regression":
        order = np.argsort(-judged.errors, kind="stable")
    else:
        wrong = np.flatnonzero(judged.errors > 0)
        order = wrong[np.argsort(-_of_class(judged, judged.decided)[wrong], kind="stable")]
    _, first = np.unique(people[order], return_index=True)
    return order[np.sort(first)]


def _of_class(judged: TargetResult, codes: np.ndarray) -> np.ndarray:
    """(N,) the probability of a class in each row."""
    probs = judged.probs
    if probs.shape[1] == 1:
        probs = np.concatenate([1.0 - probs, probs], axis=1)
    return probs[np.arange(len(probs)), codes.astype(np.int64)]


def _say_class(judged: TargetResult, place: int) -> str:
    sure, own = (_of_class(judged, codes)[place] for codes in (judged.decided, judged.truth))
    true, answered = judged.word(judged.truth[place]), judged.word(judged.decided[place])
    return f"{true} ({own:.3f}) taken for {answered} ({sure:.3f})"


def _say_number(judged: TargetResult, place: int) -> str:
    return f"true {judged.word(judged.truth[place])}, answered {judged.decided[place]:.4g}"


def _faces(context: ReportContext, crops: np.ndarray, chosen: np.ndarray, says: list[str]) -> Html:
    images, entries = context.evaluation.images, []
    for place, said in zip(chosen, says, strict=True):
        row, image_id = int(images["row"].iloc[place]), str(images["image_id"].iloc[place])
        shot = image(small_jpeg(crops[row]), kind="jpeg", says=f"crop {row}: {said}", side=SIDE)
        named = tag("span", f"#{row} {image_id}", class_="id", title=image_id)
        entries.append(tag("li", shot, tag("span", said), named))
    return tag("ul", *entries, class_="faces")


def small_jpeg(crop: np.ndarray) -> bytes:
    """A crop (S, S, 3) as a small JPEG."""
    file = BytesIO()
    shrunk = Image.fromarray(crop).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    shrunk.save(file, format="JPEG", quality=QUALITY, optimize=True)
    return file.getvalue()
