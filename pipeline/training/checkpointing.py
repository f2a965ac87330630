"""Files of a cell: a checkpoint while it trains; weights, OOF table and done mark at the end."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from pipeline.config import Experiment
from pipeline.experiment.facts import cell_facts, check_facts
from pipeline.experiment.member_context import member_context
from pipeline.experiment.predict import prediction_frame
from pipeline.images.transform import Transform
from pipeline.models.checkpoint import load_state, optimiser_tensors, restore_optimiser, save_state
from pipeline.models.logits import Logits
from pipeline.models.loop import State
from pipeline.models.lora import merge_lora
from pipeline.storage import REFIT, Cell, Runs, atomic_write, display_path, write_json, write_table


def save_checkpoint(settings: Experiment, runs: Runs, cell: Cell, state: State) -> None:
    """Writes all that the cell needs to go on as if it had never been stopped."""
    parts = {
        "network": state.network.state_dict(),
        "optimiser": optimiser_tensors(state.optimiser),
        "best": state.best_weights or {},
        "best_logits": state.best_logits or {},
    }
    if state.ema is not None:
        parts["ema"] = state.ema.module.state_dict()
    facts = {
        "history": state.history,
        "scaler": state.scaler.state_dict(),
        **_facts(settings, runs, cell),
    }
    with atomic_write(runs.checkpoint(cell)) as temporary:
        save_state(temporary, parts, facts=facts)


def restore_checkpoint(settings: Experiment, runs: Runs, cell: Cell, state: State) -> None:
    """Goes on from the cell's checkpoint, when there is one."""
    if not runs.checkpoint(cell).exists():
        return
    try:
        parts, facts = load_state(runs.checkpoint(cell))
        lacking = {"history", "scaler"} - facts.keys()
        if lacking:
            raise ValueError(f"{runs.checkpoint(cell)}: no checkpoint: it has no {min(lacking)}")
    except ValueError as error:
        raise ValueError(f"{error}; without it the cell begins with its first epoch") from None
    check_facts(facts, wanted=_facts(settings, runs, cell), path=runs.checkpoint(cell))
    state.network.load_state_dict(parts["network"])
    try:
        restore_optimiser(state.optimiser, parts.get("optimiser", {}))
    except ValueError as error:
        path = display_path(runs.checkpoint(cell))
        raise ValueError(
            f"{path}: {error}; without it the cell begins with its first epoch"
        ) from None
    if state.ema is not None:
        state.ema.module.load_state_dict(parts["ema"])
    if facts["scaler"]:  # empty when saved in another precision, on another machine's device
        state.scaler.load_state_dict(facts["scaler"])
    state.history = facts["history"]
    state.best_weights = parts["best"]
    state.best_logits = parts.get("best_logits")  # a refit holds nobody out


@dataclass(frozen=True)
class TrainedCell:
    """What training a cell gave: the kept weights, a row of the history for each epoch, and the
    logits of the held-out images, which a refit has not."""

    weights: dict[str, torch.Tensor]
    history: Sequence[dict]
    logits: Logits | None
    num_parameters: int

    @classmethod
    def of(cls, state: State) -> "TrainedCell":
        """What the loop leaves behind after its last epoch."""
        assert state.best_weights is not None, "the first epoch is always kept"
        number = sum(parameter.numel() for parameter in state.network.parameters())
        return cls(state.best_weights, state.history, state.best_logits, number)


def finish_cell(
    settings: Experiment,
    runs: Runs,
    cell: Cell,
    trained: TrainedCell,
    *,
    held: pd.DataFrame,
    transform: Transform,
) -> dict:
    """Writes the kept weights, the OOF table and, last of all, the mark that the cell is done."""
    member = settings.members[cell.member]
    scores = [row["score"] for row in trained.history]
    kept = kept_epoch(scores, keeps_last=cell.fold == REFIT or member.best == "last")
    weights = trained.weights
    if member.lora is not None:
        weights = merge_lora(weights, scale=member.lora.alpha / member.lora.rank)
    with atomic_write(runs.weights(cell)) as temporary:
        save_state(temporary, {"network": weights}, facts=_facts(settings, runs, cell))
    if cell.fold != REFIT:
        assert trained.logits is not None, "a cell of a fold has predicted its held-out images"
        frame = prediction_frame(
            held["image_id"],
            cell,
            view="identity",
            logits=trained.logits,
            member=member_context(settings, cell.member),
        )
        write_table(runs.oof(cell), frame)
    row = trained.history[kept]
    measure = _most_telling(row)
    facts = {
        "best_epoch": kept + 1,
        "num_epochs": len(trained.history),
        "looks_at_held_out": list(member.looks_at_held_out),
        "decided_by": measure,
        "best_value": row[measure],
        "num_held_out": len(held),
        "seconds": round(sum(row["seconds"] for row in trained.history), 1),
        "image_size": transform.size,
        "num_parameters": trained.num_parameters,
    }
    speeds = [row["images_per_second"] for row in trained.history if "images_per_second" in row]
    if speeds:  # heads that are fitted and soups see no images in an epoch
        facts["images_per_second"] = float(np.median(speeds))
    write_json(runs.done(cell), facts)
    runs.checkpoint(cell).unlink(missing_ok=True)
    return facts


def _facts(settings: Experiment, runs: Runs, cell: Cell) -> dict:
    """What the cell's files say of themselves."""
    member = member_context(settings, cell.member)
    return cell_facts(member, crop_recipe=runs.crop_recipe_of(cell.member))


def kept_epoch(scores: list[float], *, keeps_last: bool) -> int:
    """The place of the epoch whose weights are kept: the last, or the first of the best ones."""
    if keeps_last:
        return len(scores) - 1
    return scores.index(max(scores))


def _most_telling(row: dict) -> str:
    """The name of an epoch's last metric that is a number; its losses come before its metrics."""
    names = ["train_loss", "held_out_loss", *(name for name in row if "." in name)]
    defined = [name for name in names if name in row and not np.isnan(row[name])]
    return defined[-1]
