"""What changes answers: light, blur, turning, JPEG, resolution, margin of the crop, a patch."""

import zlib
from collections.abc import Iterator

import numpy as np
import pandas as pd
import torch

from pipeline.config import Experiment
from pipeline.console import Bar
from pipeline.evaluation.decisions import score_with_interval
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.blend import blend_spaces, member_probs
from pipeline.experiment.cells import used_members
from pipeline.experiment.crops import crop_names, crop_recipes
from pipeline.experiment.device import choose_device
from pipeline.experiment.images_table import read_labelled
from pipeline.experiment.member_context import member_context
from pipeline.experiment.predict import load_cell, prediction_frame
from pipeline.experiment.predictions import read_oof
from pipeline.faces.crop_store import open_crops
from pipeline.faces.recipe import cut_face
from pipeline.features.explain.heatmaps import by_cell
from pipeline.figures.chart import Chart, save_panels
from pipeline.figures.curves import curves_by_source, plot_curves
from pipeline.images.corruptions import FACTORS, corrupt
from pipeline.images.read import read_image
from pipeline.images.transform import fit_size, normalise
from pipeline.labels.containers import is_there
from pipeline.metrics.answer_space import seen_by
from pipeline.metrics.metrics import find_metric
from pipeline.metrics.reliability import mean_rate
from pipeline.metrics.score_rows import EvaluationTarget
from pipeline.models.logits import predict_logits
from pipeline.storage import Cell, Runs, atomic_write, read_table, write_table
from pipeline.tables import FACES, check_table, pick

MARGIN = "crop margin"
MARGINS = (-0.2, -0.1, 0.0, 0.1, 0.2, 0.4)  # added to the margin that the crops were cut with
SEED = 777  # of the sample: the same images every time
Variant = tuple[str, float]  # factor and level
Crops = dict[str, np.ndarray]  # (n, S, S, 3) by crop_names


def measure_sensitivity(
    settings: Experiment, runs: Runs, members: list[str], *, number: int
) -> list[str]:
    """Scores and changed answers of `number` held-out images at every level of every factor;
    gives the names of the files it wrote."""
    labelled = read_labelled(runs)
    oof = read_oof(settings, runs, members[0])
    split = labelled[labelled["image_id"].isin(oof["image_id"])]
    sample = _draw_sample(split, number=number)
    variants = list(_variants(settings, runs, sample, members))
    tables = {name: _answers(settings, runs, name, sample, labelled, variants) for name in members}
    evaluation = EvaluationSet(settings, runs, held_out=set(sample["image_id"]))
    rows = []
    plain = {key: seen for key, _, seen in _seen(settings, evaluation, tables, variants[0][0])}
    for (factor, level), unit, _ in variants:
        for key, target, seen in _seen(settings, evaluation, tables, (factor, level)):
            source, task = key
            changed = mean_rate(
                "",
                _changes(plain[key], seen),
                evaluation.split.person_ids,
                num_draws=evaluation.split.num_draws,
            )
            score = score_with_interval(target, seen, split=evaluation.split)
            rows.append(
                {
                    "factor": factor,
                    "unit": unit,
                    "level": level,
                    "source": source,
                    "task": task,
                    **score,
                    "changed": changed.value,
                    "changed_low": changed.low,
                    "changed_high": changed.high,
                }
            )
    frame = pd.DataFrame(rows)
    write_table(runs.explained("sensitivity.csv"), frame)
    return ["sensitivity.csv", *_draw(runs, frame)]


def _draw_sample(split: pd.DataFrame, *, number: int) -> pd.DataFrame:
    """So many images of as many people as there are: an image of each, then a second, drawn."""
    mixed = split.sort_values("image_id").sample(frac=1.0, random_state=SEED)
    turn = mixed.groupby("person_id").cumcount().sort_values(kind="stable")
    return mixed.loc[turn.index[:number]].sort_values("image_id").reset_index(drop=True)


def _variants(
    settings: Experiment, runs: Runs, sample: pd.DataFrame, members: list[str]
) -> Iterator[tuple[Variant, str, Crops]]:
    """Corruption and level, the unit, and the sample's crops by crop_names; the unchanged ones
    first."""
    names = {name: crops for name, crops in crop_names(settings).items() if name in members}
    plain = {
        crops: np.asarray(open_crops(runs.crops_of(name))[sample["row"].to_numpy()])
        for name, crops in names.items()
    }
    seeds = [zlib.crc32(str(image_id).encode()) for image_id in sample["image_id"]]
    for factor in FACTORS.values():
        neutral = factor.neutral
        for level in [neutral, *(level for level in factor.levels if level != neutral)]:
            changed = {}
            for name, crops in plain.items():
                pairs = zip(crops, seeds, strict=True)
                changed[name] = np.stack([corrupt(c, factor, level, seed=s) for c, s in pairs])
            yield (factor.name, float(level)), factor.unit, changed
    if not all(is_there(runs.root / path) for path in sample["path"]):
        print(f"explain: the images are not in {runs.root}: {MARGIN} is left out")
        return
    faces = check_table(read_table(runs.faces), FACES)
    faces = pick(faces, sample["image_id"], what="faces")
    boxes = faces[["x1", "y1", "x2", "y2"]].to_numpy()
    images = [read_image(runs.root / path) for path in sample["path"]]
    recipes = crop_recipes(settings, names)
    for more in sorted(MARGINS, key=lambda m: m != 0.0):
        cuts: dict[str, list[np.ndarray]] = {name: [] for name in recipes}
        rows = zip(images, boxes, faces["how"], faces["landmarks"], strict=True)
        for image, box, how, landmarks in rows:
            known = landmarks if how == "mtcnn" else None
            for name, recipe in recipes.items():
                crop = cut_face(image, box, how=how, landmarks=known, recipe=recipe, widen=more)
                cuts[name].append(crop)
        yield (MARGIN, more), "more of the side", {n: np.stack(c) for n, c in cuts.items()}


def _answers(
    settings: Experiment,
    runs: Runs,
    name: str,
    sample: pd.DataFrame,
    labelled: pd.DataFrame,
    variants: list[tuple[Variant, str, Crops]],
) -> dict[Variant, pd.DataFrame]:
    """A member's predictions of each variant, by the cells that did not see the people."""
    device, precision = choose_device(settings)
    member = member_context(settings, name)
    transform = member.transform
    parts: dict[Variant, list[pd.DataFrame]] = {key: [] for key, _, _ in variants}
    cells: dict[Cell, list[int]] = by_cell(settings, name, sample, labelled)
    bar = Bar(len(sample) * len(variants), desc=f"explain: {name}")
    for cell, places in cells.items():
        network = load_cell(runs, member, cell, device=device)
        for key, _, crops in variants:
            seen = crops[crop_names(settings)[name]]
            pixels = np.stack([fit_size(seen[place], size=transform.size) for place in places])
            (views,) = predict_logits(
                [network],
                [(torch.from_numpy(pixels), {})],
                views={"identity": lambda batch: batch},
                to_input=lambda batch: normalise(batch, transform=transform),
                device=device,
                precision=precision,
            )
            parts[key].append(
                prediction_frame(
                    sample["image_id"].iloc[places],
                    cell,
                    view="identity",
                    logits=views["identity"],
                    member=member,
                )
            )
            bar.update(len(places))
    bar.close()
    return {key: pd.concat(frames, ignore_index=True) for key, frames in parts.items()}


def _seen(
    settings: Experiment,
    evaluation: EvaluationSet,
    tables: dict[str, dict[Variant, pd.DataFrame]],
    variant: Variant,
) -> Iterator[tuple[tuple[str, str], EvaluationTarget, np.ndarray]]:
    """Source and question, and what its metric sees (n,) in a variant: of each member, and of all
    together where they are the ensemble."""
    ids = evaluation.images["image_id"]
    now = {name: frames[variant] for name, frames in tables.items()}
    if set(now) == set(used_members(settings)):
        joints = blend_spaces(now, image_ids=ids, part="oof", settings=settings)
        for space in evaluation.spaces:
            target = evaluation.of_space(space)
            yield ("all members", space.name), target, space.scored(joints[space.name])
    for name, frame in now.items():
        probs = member_probs(frame, image_ids=ids, settings=settings, member=name)
        for task in evaluation.tasks:
            if task.name in probs:
                target = evaluation.of_task(task, task.metric)
                yield (
                    (name, task.name),
                    target,
                    seen_by(find_metric(task.metric), task, probs[task.name]),
                )


def _changes(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """How far each prediction (N,) moved; of classes, or their probabilities (N, C), whether the
    class is another one."""
    if after.ndim == 2:
        return before.argmax(axis=1) != after.argmax(axis=1)
    if np.issubdtype(after.dtype, np.integer):
        return before != after
    return np.abs(after - before)


def _draw(runs: Runs, frame: pd.DataFrame) -> list[str]:
    """A PNG of curves for each target, a panel a factor; gives the files' names."""
    files = []
    for (task, metric), rows in frame.groupby(["task", "metric"], sort=False):
        panels = {
            f"{metric} by {factor}": _factor_chart(str(factor), some)
            for factor, some in rows.groupby("factor", sort=False)
        }
        file = f"sensitivity-{task}.png"
        with atomic_write(runs.explained(file)) as temporary:
            save_panels(temporary, panels)
        files.append(file)
    return files


def _factor_chart(factor: str, rows: pd.DataFrame) -> Chart:
    """The score along a factor, a curve a source; the dashed upright is the unchanged image."""
    curves = curves_by_source(rows)
    neutral = 0.0 if factor == MARGIN else FACTORS[factor].neutral
    return plot_curves(curves, x_label=f"{factor}, {rows['unit'].iloc[0]}", mark=neutral)
