"""A cell that is not trained: the average of the weights of another member's seeds, fold by fold.

Which seeds are averaged in fold f is chosen on the other folds of its split alone, so nobody whom
the cell is scored on had a part in the choice. A refit, which is scored on nobody, is chosen on all
folds.
"""

import json
import time
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import torch
from torch import nn

from pipeline.config import Experiment
from pipeline.experiment.build import make_criteria
from pipeline.experiment.cells import member_cells
from pipeline.experiment.data_loading import Feed, batches_in_order
from pipeline.experiment.images_table import held_out
from pipeline.experiment.member_context import MemberContext, member_context
from pipeline.experiment.predict import load_cell
from pipeline.experiment.targets import training_targets
from pipeline.experiment.teaching_images import is_taught
from pipeline.faces.crop_store import open_crops
from pipeline.images.transform import normalise
from pipeline.models.gradient import total_loss
from pipeline.models.logits import Logits, move
from pipeline.models.loop import held_out_logits, score_epoch
from pipeline.models.soup import average_weights, choose_greedily, refresh_batchnorm
from pipeline.storage import (
    REFIT,
    Cell,
    Runs,
    hold_lock,
    read_json,
    say_nothing,
    write_json,
    write_text,
)
from pipeline.training.checkpointing import TrainedCell, finish_cell
from pipeline.training.held_out_score import score_held_out

MOST_REFRESHED = 2000  # training images that the statistics of a BatchNorm are taken from


def average_cell(
    settings: Experiment,
    runs: Runs,
    cell: Cell,
    *,
    images: pd.DataFrame,
    device: torch.device,
    precision: str,
) -> dict:
    """Averages a cell's seeds, writes weights and OOF table as train_cell does, gives its facts."""
    started = time.monotonic()
    averages = _Averages(settings, runs, cell.member, images, device=device, precision=precision)
    seeds = averages.choose(cell.fold)
    print(f"train: {cell.name}: the mean of {averages.source} with seeds {seeds}")
    network = averages.network(cell.fold, seeds)
    row = {"epoch": 1, "lr": 0.0, "train_loss": averages.train_loss(network, cell.fold)}
    row["score"] = 0.0
    logits = None
    held = averages.held(cell.fold)
    if cell.fold != REFIT:
        logits = averages.logits(network, held)
        row |= averages.metrics(cell.fold, logits)
    row["seconds"] = round(time.monotonic() - started, 3)
    write_text(runs.history(cell), json.dumps(row) + "\n")
    weights = network.state_dict()
    trained = TrainedCell(
        weights={key: value.detach().cpu().clone() for key, value in weights.items()},
        history=[row],
        logits=logits,
        num_parameters=sum(parameter.numel() for parameter in network.parameters()),
    )
    member = averages.member
    return finish_cell(
        settings,
        runs,
        cell,
        trained,
        held=held,
        transform=member.transform,
    )


class _Averages:
    """What the averages of one member are made from and scored on."""

    def __init__(
        self,
        settings: Experiment,
        runs: Runs,
        name: str,
        images: pd.DataFrame,
        *,
        device: torch.device,
        precision: str,
    ) -> None:
        self.settings = settings
        self.runs = runs
        self.images = images
        self.device = device
        self.precision = precision
        self.member: MemberContext = member_context(settings, name)
        source = settings.members[name].soup
        assert source is not None, "only a member with `soup` is an average"
        self.source = source
        self.source_member = member_context(settings, self.source)

    def choose(self, fold: int) -> list[int]:
        """The seeds to average in a fold, chosen on the folds beside it."""
        others = {c.fold for c in member_cells(self.settings, self.source)} - {fold}
        if fold != REFIT:  # folds of another split hold out some of the same people
            num = self.settings.folds.num
            others = {other for other in others if other // num == fold // num}

        def score(seeds: tuple[int, ...]) -> float:
            return float(np.mean([self.score(other, seeds) for other in sorted(others)]))

        return choose_greedily(self.source_member.recipe.seeds, score=score)

    def score(self, fold: int, seeds: tuple[int, ...]) -> float:
        """How well the average of these seeds answers the images that a fold holds out.

        It is computed once for all cells of the member and kept.
        """
        path = self.runs.soup_score(self.member.name, fold, seeds)
        with hold_lock(path.with_suffix(".lock"), command="training", say=say_nothing):
            if not path.exists():
                network = self.network(fold, seeds)
                logits = self.logits(network, self.held(fold))
                write_json(path, {"score": self.metrics(fold, logits)["score"]})
        return read_json(path)["score"]

    def network(self, fold: int, seeds: Sequence[int]) -> nn.Module:
        """The average of these seeds' networks of a fold, ready to answer."""
        cells = [Cell(self.source, fold, seed) for seed in seeds]
        networks = [
            load_cell(self.runs, self.source_member, cell, device=self.device) for cell in cells
        ]
        network = networks[0]
        if len(networks) > 1:
            network.load_state_dict(average_weights([each.state_dict() for each in networks]))
            if not self.member.recipe.frozen_norm:
                refresh_batchnorm(network, self._inputs(self._some_training_images(fold)))
        return network

    def held(self, fold: int) -> pd.DataFrame:
        """The images that a fold holds out."""
        is_held = held_out(self.settings, self.images, fold)
        return self.images[is_held].reset_index(drop=True)

    def logits(self, network: nn.Module, images: pd.DataFrame) -> Logits:
        """What a network says of images, on the CPU."""
        return held_out_logits(
            network,
            self._batches(images),
            to_input=self._to_input,
            device=self.device,
            precision=self.precision,
        )

    def metrics(self, fold: int, logits: Logits) -> dict[str, float]:
        """The row of an epoch for the logits of a fold's held-out images."""
        held = self.held(fold)
        found = score_held_out(
            logits,
            contest=self.settings.competition,
            tasks=list(self.member.tasks),
            losses=dict(self.member.losses),
            held=held,
        )
        loss = self._loss(fold, logits, held)
        return score_epoch(found, loss=loss, best=self.member.recipe.best)

    def train_loss(self, network: nn.Module, fold: int) -> float:
        """The loss of some of the fold's training images, as they are."""
        some = self._some_training_images(fold)
        return self._loss(fold, self.logits(network, some), some)

    def _loss(self, fold: int, logits: Logits, images: pd.DataFrame) -> float:
        recipe, tasks = self.member.recipe, list(self.member.tasks)
        train = self._taught(fold).reset_index(drop=True)
        wanted = training_targets(recipe, tasks, images)
        targets = {name: torch.from_numpy(values) for name, values in wanted.items()}
        criteria = make_criteria(recipe, tasks, train, images)
        return total_loss(logits, targets, criteria=criteria).item()

    def _some_training_images(self, fold: int) -> pd.DataFrame:
        """Whole batches of the images that the fold's networks learnt from."""
        train = self._taught(fold)
        size = min(len(train), self.member.recipe.batch_size)
        number = min(len(train), MOST_REFRESHED) // size * size
        return train.sample(max(number, size), random_state=0).reset_index(drop=True)

    def _taught(self, fold: int) -> pd.DataFrame:
        """The images that the fold's networks learnt from."""
        taught = is_taught(self.settings, self.member.name, self.images, fold=fold)
        return self.images[taught]

    def _inputs(self, images: pd.DataFrame) -> Iterator[torch.Tensor]:
        size = min(len(images), self.member.recipe.batch_size)
        for pixels, _ in self._batches(images, size=size):
            yield self._to_input(move(pixels, self.device))

    def _batches(self, images: pd.DataFrame, *, size: int | None = None) -> Feed:
        return batches_in_order(
            self.settings,
            open_crops(self.runs.crops_of(self.member.name)),
            images["row"].to_numpy(),
            size=self.member.transform.size,
            device=self.device,
            batch_size=size,
            names=images["image_id"].to_numpy(),
        )

    def _to_input(self, pixels: torch.Tensor) -> torch.Tensor:
        return normalise(pixels, transform=self.member.transform)
