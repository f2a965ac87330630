"""Sheets of heatmaps: each image beside what spoke for its answer and what for the truth."""

from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image

from pipeline.config import Experiment
from pipeline.config.types import nearest
from pipeline.console import Bar
from pipeline.experiment.cells import member_cells
from pipeline.experiment.device import choose_device
from pipeline.experiment.images_table import held_out, read_images_table, read_labelled
from pipeline.experiment.member_context import MemberContext, member_context
from pipeline.experiment.predict import load_cell
from pipeline.experiment.predictions import read_oof
from pipeline.experiment.tasks import member_tasks, targets_of
from pipeline.faces.crop_store import open_crops
from pipeline.figures.contact_sheet import draw_sheet
from pipeline.figures.overlay import lay_over
from pipeline.images.transform import fit_size, normalise
from pipeline.labels.tasks import Task, decide, is_labelled, label_texts
from pipeline.metrics.disagreements import losses, surprise
from pipeline.metrics.paired import short_number
from pipeline.models.grad_cam import find_heatmaps
from pipeline.models.network import FaceNetwork, to_probs
from pipeline.storage import Cell, Runs, atomic_write
from pipeline.tables import pick

SIDE = 128  # pixels of a face on a sheet
TILES = 3  # of an image: itself, and two heatmaps


def draw_heatmaps(
    settings: Experiment, runs: Runs, members: list[str], *, number: int, asked: str | None
) -> list[str]:
    """The sheets' file names: one a member and task, of its worst images.

    `asked` are the ids of other images to show, commas between.
    """
    made = []
    chosen = None if asked is None else _chosen(runs, asked=asked)
    labelled = read_labelled(runs)
    for name in members:
        for task in member_tasks(settings, settings.members[name]):
            rows = chosen
            if rows is None:
                rows = _worst(settings, runs, name, task, labelled, number=number)
            if not len(rows):
                print(f"explain: {name} answers {task.name} right in every image: no sheet")
                continue
            file = f"heatmap-{name}-{task.name}.png"
            with atomic_write(runs.explained(file)) as temporary:
                _sheet(settings, runs, name, task, rows, labelled).save(temporary, format="PNG")
            made.append(file)
    return made


def _chosen(runs: Runs, *, asked: str) -> pd.DataFrame:
    """The images that `images=` names. Raises ValueError for one that is not there."""
    images = read_images_table(runs)
    cropped = images[images["row"] >= 0]
    wanted = [word for word in asked.split(",") if word]
    for word in wanted:
        if word not in set(cropped["image_id"]):
            hint = nearest(word, cropped["image_id"])
            raise ValueError(f"explain: no image {word!r} with a crop{hint} see report for ids")
    return pick(cropped, wanted, what="images")


def _worst(
    settings: Experiment,
    runs: Runs,
    member: str,
    task: Task,
    labelled: pd.DataFrame,
    *,
    number: int,
) -> pd.DataFrame:
    """The held-out images that a member is most surely wrong about, one of a person."""
    oof = read_oof(settings, runs, member)
    frame = oof.groupby("image_id")[task.columns].mean().reset_index()
    images = pick(labelled, frame["image_id"], what="labelled")
    truth = targets_of([task], images)[task.name]
    probs = frame[task.columns].to_numpy()
    answer = decide(task, probs)
    if task.kind == "regression":
        wrong = np.abs(answer - truth)
    elif task.kind == "multilabel":
        wrong = np.where(losses(task.kind, truth, answer) > 0, surprise(task.kind, truth, probs), 0)
    else:
        sure = np.maximum(probs[:, 0], 1 - probs[:, 0]) if probs.shape[1] == 1 else probs.max(1)
        wrong = np.where(answer == truth, 0.0, sure)
    wrong = np.where(is_labelled(truth), wrong, 0.0)
    order = np.argsort(-wrong, kind="stable")
    worst = images.iloc[order[wrong[order] > 0]]
    return worst.drop_duplicates("person_id").head(number).reset_index(drop=True)


def _sheet(
    settings: Experiment,
    runs: Runs,
    name: str,
    task: Task,
    images: pd.DataFrame,
    labelled: pd.DataFrame,
) -> Image.Image:
    device, _ = choose_device(settings)
    member = member_context(settings, name)
    crops, known = open_crops(runs.crops_of(name)), labelled.set_index("image_id")
    tiles, captions = {}, {}
    bar = Bar(len(images), desc=f"explain: {name} {task.name}")
    for cell, places in by_cell(settings, name, images, labelled).items():
        network = load_cell(runs, member, cell, device=device)
        for place in places:
            image_id = images["image_id"].iloc[place]
            row = int(images["row"].iloc[place])
            truth = None
            if image_id in known.index:
                targets = targets_of([task], known.loc[[image_id]].reset_index())[task.name]
                truth = targets[0] if is_labelled(targets)[0] else None
            tiles[place], captions[place] = _look(
                member, task, network, np.asarray(crops[row]), truth, device=device
            )
            captions[place][0] = f"#{row}\n{captions[place][0]}"
            bar.update()
    bar.close()
    order = sorted(tiles)
    return draw_sheet(
        [tile for place in order for tile in tiles[place]],
        title=f"{_title(name, task)}: the image, what speaks for the answer, and for the truth",
        captions=[words for place in order for words in captions[place]],
        columns=6,
        side=SIDE,
    )


def _title(name: str, task: Task) -> str:
    """The member and its task, once where they have one name."""
    return name if name == task.name else f"{name}, {task.name}"


def by_cell(
    settings: Experiment, name: str, images: pd.DataFrame, labelled: pd.DataFrame
) -> dict[Cell, list[int]]:
    """Which images (positions) each of a member's cells is shown, by fold.

    An image goes to the first cell that held it out; one that nobody learnt from (a test image) to
    the first fold's cell; one that no trained cell held out to none."""
    cells: dict[int, Cell] = {}
    for cell in member_cells(settings, name):
        cells.setdefault(cell.fold, cell)  # of several seeds the first
    cell_of: dict[str, Cell] = {}
    for fold in sorted(cells):
        for image_id in labelled.loc[held_out(settings, labelled, fold), "image_id"]:
            cell_of.setdefault(image_id, cells[fold])
    first = cells[min(cells)]
    known = set(labelled["image_id"])
    found: dict[Cell, list[int]] = {cells[fold]: [] for fold in sorted(cells)}
    for place, image_id in enumerate(images["image_id"]):
        if image_id in cell_of:
            found[cell_of[image_id]].append(place)
        elif image_id not in known:
            found[first].append(place)
    return {cell: places for cell, places in found.items() if places}


def _look(
    member: MemberContext,
    task: Task,
    network: FaceNetwork,
    crop: np.ndarray,
    truth: float | np.ndarray | None,
    *,
    device: torch.device,
) -> tuple[list[np.ndarray], list[str]]:
    """Three tiles and their captions: the crop, and two heatmaps over it."""
    transform, loss = member.transform, member.losses[task.name]
    pixels = fit_size(crop, size=transform.size)
    inputs = normalise(torch.from_numpy(pixels.copy())[None].to(device), transform=transform)
    with torch.no_grad():
        probs = to_probs(network(inputs)[task.name], task=task, loss=loss).cpu().numpy()
    caption = "no label" if truth is None else f"true {_words(task, truth, probs[0])}"
    tiles = [pixels]
    captions = [caption]
    codes = _shown_codes(task, probs, truth)
    for code in codes:
        heat = find_heatmaps(network, inputs, task=task, loss=loss, codes=[code])[0]
        tiles.append(lay_over(pixels, heat))
        captions.append(f"for {_words(task, code, probs[0])}")
    while len(tiles) < TILES:  # an empty place keeps the rows of the sheet together
        tiles.append(np.full_like(pixels, 255))
        captions.append("")
    return tiles, captions


def _shown_codes(task: Task, probs: np.ndarray, truth: float | np.ndarray | None) -> list:
    """What a heatmap is made for: the answer, and the true class. Of several labels the likeliest,
    and of the true ones the least likely: what was missed most."""
    if task.kind == "multilabel":
        labels = [int(probs[0].argmax())]
        if truth is not None and (np.asarray(truth) > 0.5).any():
            labels.append(int(np.where(np.asarray(truth) > 0.5, probs[0], np.inf).argmin()))
        return labels
    codes: list[Any] = [decide(task, probs)[0]]
    if truth is not None and task.kind != "regression":
        codes.append(truth)
    return codes


def _words(task: Task, code: float | np.ndarray, probs: np.ndarray) -> str:
    """A class with its probability (C,), a number, or all of several labels (C,)."""
    if np.ndim(code) == 1:
        return str(label_texts(task, np.asarray(code)[None])[0])
    if task.kind == "regression":
        return short_number(float(code), digits=4)
    if len(probs) == 1:  # a score: of yes
        probs = np.array([1.0 - probs[0], probs[0]])
    return f"{task.classes[int(code)]} (p {probs[int(code)]:.2f})"
