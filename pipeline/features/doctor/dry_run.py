"""A dry run: weights are loaded, one batch is read and learnt from."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
import torch

from pipeline.config import Experiment
from pipeline.experiment.build import fresh_state, make_criteria, make_network, member_transform
from pipeline.experiment.cells import member_cells
from pipeline.experiment.device import choose_device, choose_workers
from pipeline.experiment.images_table import read_images_table, usable
from pipeline.experiment.targets import training_targets
from pipeline.experiment.tasks import contest_tasks, member_tasks
from pipeline.faces.boxes import centre_box, square_box
from pipeline.faces.crop import cut
from pipeline.faces.crop_store import open_crops
from pipeline.images.augment import build_augment
from pipeline.images.dataset import CropDataset, make_loader
from pipeline.images.read import read_image
from pipeline.images.sampler import in_order
from pipeline.images.transform import Transform, normalise
from pipeline.models.gradient import total_loss
from pipeline.models.logits import autocast
from pipeline.models.pretrained import describe_source, load_backbone
from pipeline.preprocessing.read_contest import read_contest
from pipeline.storage import Runs
from pipeline.tables import OK
from pipeline.training.initial_weights import with_own_weights

NUMBER = 8  # images of the one batch
Finding = tuple[str, str]  # ok, note or FAIL, and a sentence


def look_at_weights(settings: Experiment, runs: Runs) -> Iterator[Finding]:
    """Loads each backbone's weights once, as training would."""
    seen = set()
    for name in settings.members:
        first_cell = member_cells(settings, name)[0]
        try:
            member = with_own_weights(settings, runs, first_cell)
            wanted = (member.backbone, member.weights, member.drop_path, member.image_size)
            if wanted in seen:
                continue
            seen.add(wanted)
            load_backbone(
                member.backbone,
                weights=member.weights,
                drop_path=member.drop_path,
                image_size=member.image_size,
            )
        except ValueError as error:
            yield "FAIL", str(error)
        else:
            source = describe_source(member.backbone, weights=member.weights)
            yield "ok", f"{member.backbone}: {source}"


def look_at_batch(settings: Experiment, runs: Runs) -> Iterator[Finding]:
    """Reads a batch as training and as infer do, compares the tensors, and learns from it: by one
    step, or by the features that a head in closed form is fitted on."""
    if not runs.root.is_dir():
        yield "note", "no images yet"
        return
    images, source = _some_images(settings, runs)
    device, precision = choose_device(settings)
    workers = choose_workers(settings, device_type=device.type)
    for name, member in settings.members.items():
        transform = member_transform(member)
        crops = _some_crops(settings, runs, name, images)
        tasks = member_tasks(settings, member)
        targets = training_targets(member, tasks, images)

        # training reads in processes beside, infer in this one: the pixels must be the same
        pixels, batch_targets = _read_batch(crops, images, targets, transform, workers=workers)
        infer_pixels, _ = _read_batch(crops, images, targets, transform, workers=0)
        to_input = partial(normalise, transform=transform)
        if not torch.equal(to_input(pixels.to(device)), to_input(infer_pixels.to(device))):
            yield "FAIL", f"{name}: training and infer see other pixels of the same images"
            continue

        size = f"{len(images)} images of {transform.size}x{transform.size} ({source})"
        said = f"{name}: {size}, the same for training and infer"
        untrained = member.model_copy(update={"weights": "none"})  # they were looked at before
        if member.head is not None:
            network = make_network(untrained, tasks, weights="none").eval().to(device)
            with torch.inference_mode(), autocast(device, precision=precision):
                features = network.backbone(to_input(pixels.to(device)))
            verdict = "ok" if torch.isfinite(features).all() else "FAIL"
            yield verdict, f"{said}; {features.shape[1]:,} features of each"
            continue

        augment = build_augment(member.augment)
        augmented = [augment(image.numpy(), seed) for seed, image in enumerate(pixels)]
        inputs = torch.from_numpy(np.ascontiguousarray(np.stack(augmented)))
        state = fresh_state(untrained, tasks, seed=0, device=device, precision=precision)
        logits = state.network.train()(to_input(inputs.to(device)))
        on_device = {task: values.to(device) for task, values in batch_targets.items()}
        loss = total_loss(logits, on_device, criteria=make_criteria(member, tasks, images))
        loss.backward()
        verdict = "ok" if torch.isfinite(loss) else "FAIL"
        yield verdict, f"{said}; first loss {loss:.3f}"


def _read_batch(
    crops: np.ndarray,
    images: pd.DataFrame,
    targets: dict[str, np.ndarray],
    transform: Transform,
    *,
    workers: int,
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """The pixels (n, size, size, 3) uint8 and the targets of one batch, by so many processes."""
    rows = images["row"].to_numpy()
    dataset = CropDataset(crops, rows=rows, size=transform.size, targets=targets)
    batches = in_order(len(images), batch_size=NUMBER)
    (batch,) = make_loader(dataset, batches, workers=workers, pin=False)
    return batch


def _some_images(settings: Experiment, runs: Runs) -> tuple[pd.DataFrame, str]:
    """Labelled images with the `row` of each one's crop, and how they are cropped."""
    if runs.crops.exists():
        return usable(read_images_table(runs)).head(NUMBER), "as cut by crop"
    tasks = contest_tasks(settings)
    found = read_contest(settings.competition, tasks, root=runs.root, fixes=runs.fixes)
    frame = found.images
    images = frame[(frame["part"] == "train") & (frame["status"] == OK)].head(NUMBER)
    if images.empty:
        raise ValueError("no train image that is there and has its labels")
    return images.assign(row=range(len(images))), "their middle, not cropped yet"


def _some_crops(settings: Experiment, runs: Runs, member: str, images: pd.DataFrame) -> np.ndarray:
    """Crops (n, S, S, 3) by the images' rows, as the member looks at them; the images' middles
    where they are not cut yet."""
    store = runs.crops_of(member)
    if runs.crops.exists() and store.exists():
        return open_crops(store)
    crop = settings.member_crop(member)
    crops = np.zeros((images["row"].max() + 1, crop.size, crop.size, 3), dtype=np.uint8)
    for row, path in zip(images["row"], images["path"], strict=True):
        pixels = read_image(runs.root / path)
        box = centre_box(pixels.shape[1], pixels.shape[0], fraction=crop.fallback)
        crops[row] = cut(pixels, square_box(box, margin=0.0), size=crop.size)
    return crops
