"""A cell whose backbone stays as it is: features once, then heads that are fitted in one go.

It needs no epochs, so a contest has an honest score in minutes; its network answers by the same way
as all others.
"""

import json
import time

import numpy as np
import pandas as pd
import torch

from pipeline.config import Experiment, fingerprint_of
from pipeline.experiment.build import make_network
from pipeline.experiment.data_loading import batches_in_order
from pipeline.experiment.images_table import held_out
from pipeline.experiment.member_context import MemberContext, member_context
from pipeline.experiment.targets import training_targets
from pipeline.experiment.teaching_images import is_taught
from pipeline.faces.crop_store import open_crops
from pipeline.images.transform import normalise
from pipeline.models.closed_form import fit_heads
from pipeline.models.frozen_features import BlockStatistics
from pipeline.models.logits import Logits, autocast, move
from pipeline.models.network import FaceNetwork, to_channels_last
from pipeline.models.weight_digest import digest_weights
from pipeline.storage import REFIT, Cell, Runs, atomic_write, hold_lock, say_nothing, write_text
from pipeline.training.checkpointing import TrainedCell, finish_cell
from pipeline.training.held_out_score import score_held_out
from pipeline.training.initial_weights import with_own_weights
from pipeline.training.time_left import MAKING


def fit_frozen_cell(
    settings: Experiment,
    runs: Runs,
    cell: Cell,
    *,
    images: pd.DataFrame,
    device: torch.device,
    precision: str,
) -> dict:
    """Fits a cell's heads on the frozen features of its training images, and gives its facts.

    Writes weights, OOF table and done mark as train_cell does.
    """
    started = time.monotonic()
    member = member_context(settings, cell.member)
    network, features = see_images(
        settings, runs, cell, images=images, device=device, precision=precision
    )
    making = time.monotonic() - started  # here, or in another cell that this one waited for
    is_held = held_out(settings, images, cell.fold)
    taught = is_taught(settings, cell.member, images, fold=cell.fold)
    train = images[taught].reset_index(drop=True)
    held = images[is_held].reset_index(drop=True)
    targets = training_targets(member.recipe, member.tasks, train)
    people = train["person_id"].astype(str).to_numpy()
    assert member.recipe.head is not None, "only a member with a head in closed form comes here"
    loss = fit_heads(
        network,
        features[taught],
        targets,
        head=member.recipe.head,
        tasks=member.tasks,
        groups=people,
    )
    logits = head_logits(network, features[is_held])
    row: dict[str, float] = {"epoch": 1, "lr": 0.0, "train_loss": loss}
    if len(held):
        row |= score_held_out(
            logits,
            contest=settings.competition,
            tasks=list(member.tasks),
            losses=dict(member.losses),
            held=held,
        )
    row.setdefault("score", 0.0)
    row["seconds"] = time.monotonic() - started
    row[MAKING] = making
    write_text(runs.history(cell), json.dumps(row) + "\n")
    trained = TrainedCell(
        weights=network.state_dict(),
        history=[row],
        logits=None if cell.fold == REFIT else logits,
        num_parameters=sum(parameter.numel() for parameter in network.parameters()),
    )
    return finish_cell(
        settings,
        runs,
        cell,
        trained,
        held=held,
        transform=member.transform,
    )


def see_images(
    settings: Experiment,
    runs: Runs,
    cell: Cell,
    *,
    images: pd.DataFrame,
    device: torch.device,
    precision: str,
) -> tuple[FaceNetwork, np.ndarray]:
    """A cell's network, whose heads are not fitted yet, and the features (N, D) of the images."""
    member = member_context(settings, cell.member)
    torch.manual_seed(member.recipe.seeds[0])  # weights: none is the same backbone in all cells
    weights = with_own_weights(settings, runs, cell).weights
    network = make_network(member.recipe, member.tasks, weights=weights).eval()
    assert isinstance(network.backbone, BlockStatistics), "its backbone is frozen"
    features = _stored_features(
        settings, runs, member, network.backbone, images, device=device, precision=precision
    )
    return network, features


@torch.inference_mode()
def head_logits(network: FaceNetwork, features: np.ndarray) -> Logits:
    """Logits by task of features (N, D): what the network says behind its backbone."""
    standardised = network.neck(torch.from_numpy(features))
    return {task: head(standardised) for task, head in network.heads.items()}


def _stored_features(
    settings: Experiment,
    runs: Runs,
    member: MemberContext,
    backbone: BlockStatistics,
    images: pd.DataFrame,
    *,
    device: torch.device,
    precision: str,
) -> np.ndarray:
    """Features (N, D) of the images; computed once for all cells, and for all members that look at
    the same blocks of the same backbone.

    The first cell computes them, the others wait for it.
    """
    recipe = member.recipe
    # the weights themselves: a file may change, and another experiment's are a fold's
    seen_by = [digest_weights(backbone.state_dict()), precision]
    made_from = [recipe.backbone, seen_by, list(backbone.layers), recipe.image_size]
    key = fingerprint_of(
        [*made_from, str(runs.crops_of(member.name).parent), images["row"].tolist()]
    )
    path = runs.features(key)
    with hold_lock(path.with_suffix(".lock"), command="training", say=say_nothing):
        if not path.exists():
            print(
                f"train: {member.name}: the features of {len(images):,} images are computed once, "
                "for all its cells"
            )
            features = _compute_features(
                settings, runs, member, backbone, images, device=device, precision=precision
            )
            with atomic_write(path) as temporary, temporary.open("wb") as file:
                np.save(file, features)
    return np.load(path)


@torch.inference_mode()
def _compute_features(
    settings: Experiment,
    runs: Runs,
    member: MemberContext,
    backbone: BlockStatistics,
    images: pd.DataFrame,
    *,
    device: torch.device,
    precision: str,
) -> np.ndarray:
    batches = batches_in_order(
        settings,
        open_crops(runs.crops_of(member.name)),
        images["row"].to_numpy(),
        size=member.transform.size,
        device=device,
        names=images["image_id"].to_numpy(),
    )
    network = to_channels_last(backbone, device=device)
    parts = []
    for pixels, _ in batches:
        inputs = normalise(move(pixels, device), transform=member.transform)
        for piece in inputs.split(16 if device.type == "cpu" else len(inputs)):  # fits a cache
            with autocast(device, precision=precision):
                parts.append(network(piece).float().cpu().numpy())
    backbone.cpu()
    return np.concatenate(parts)
