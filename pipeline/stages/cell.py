"""One cell on one device: assembled from the rooms, trained, saved every epoch, marked done.

The unit that is trained, resumed, scheduled and counted. It does not know who launched it.
"""

import json
from functools import partial

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from pipeline.config import Member
from pipeline.images.augment import build_augment
from pipeline.images.batches import CropDataset, in_order, make_loader
from pipeline.images.transform import Transform, normalise
from pipeline.labels.answers import combine_classes, combine_probs
from pipeline.labels.tasks import Task, decide
from pipeline.learning.checkpoint import (
    load_state,
    optimiser_tensors,
    restore_optimiser,
    save_state,
)
from pipeline.learning.loop import Recipe, State, is_finished, train_epochs
from pipeline.learning.network import to_probs
from pipeline.learning.predict import Logits
from pipeline.learning.schedule import Schedule
from pipeline.runs import REFIT, Cell, read_json, write_json, write_table, write_text, writing
from pipeline.scoring.metrics import METRICS
from pipeline.stages import Work
from pipeline.stages.crop import crops_of
from pipeline.stages.members import choose_workers, group_of, member_tasks, targets_of
from pipeline.stages.progress import member_cells
from pipeline.stages.recipes import (
    fresh_state,
    head_losses,
    make_criteria,
    make_mix,
    make_sampler,
    member_transform,
)
from pipeline.stages.targets import training_targets


def train_cell(
    work: Work, cell: Cell, *, pictures: pd.DataFrame, device: torch.device, precision: str
) -> dict:
    """Trains a cell, or what is left of it, writes weights and OOF table, and gives its facts."""
    member = work.settings.members[cell.member]
    tasks = member_tasks(work.settings, member)
    held = pictures[pictures["fold"] == cell.fold].reset_index(drop=True)
    train = pictures[pictures["fold"] != cell.fold].reset_index(drop=True)
    alone = cell.fold == REFIT
    learnt = (
        _learnt_from_folds(work, cell)
        if alone
        else {"early_stop": member.early_stop, "best": member.best}
    )
    transform = member_transform(member)
    recipe = Recipe(
        criteria=make_criteria(member, tasks, train),
        schedule=Schedule(**member.schedule.model_dump()),
        num_epochs=member.epochs,
        seed=cell.seed,
        clip_norm=member.clip_norm,
        frozen_norm=member.frozen_norm,
        precision=precision,
        **learnt,
    )
    state = fresh_state(member, tasks, seed=cell.seed, device=device, precision=precision)
    _restore(work, cell, state)
    workers = choose_workers(work.settings, device_type=device.type)
    crops = crops_of(work)
    held_targets = training_targets(member, tasks, held)
    loaders = [
        make_loader(
            CropDataset(
                crops,
                rows=part["row"].to_numpy(),
                size=transform.size,
                targets=targets,
                augment=augment,
            ),
            batches,
            workers=workers,
            pin=device.type == "cuda",
        )
        for part, targets, augment, batches in (
            (
                train,
                training_targets(member, tasks, train),
                build_augment(member.augment),
                make_sampler(work.settings, member, train, seed=cell.seed * 1_009 + cell.fold),
            ),
            (held, {}, None, in_order(len(held), batch_size=work.settings.infer.batch_size)),
        )
    ]
    score = partial(_score, work=work, member=member, tasks=tasks, held=held)
    for _ in train_epochs(
        state,
        recipe=recipe,
        loader=loaders[0],
        held_out=None if alone else loaders[1],
        held_out_targets={task: torch.from_numpy(values) for task, values in held_targets.items()},
        to_input=partial(normalise, transform=transform),
        score=score,
        device=device,
        show=lambda batches: tqdm(
            batches,
            desc=f"{cell.name} epoch {len(state.history) + 1}/{recipe.stop_after or member.epochs}",
            unit="batch",
            leave=False,
        ),
        **make_mix(member, tasks),
    ):
        write_text(work.runs.history(cell), "".join(json.dumps(r) + "\n" for r in state.history))
        if not is_finished(state, recipe=recipe):
            _save_checkpoint(work, cell, state)
    return _finish(work, cell, state, held=held, tasks=tasks, transform=transform)


def cell_facts(work: Work, cell: Cell) -> dict:
    """What must agree between weights and the pictures they are used on."""
    member = work.settings.members[cell.member]
    tasks = member_tasks(work.settings, member)
    return {
        "competition": work.settings.competition.name,
        "backbone": member.backbone,
        "columns": {task.name: task.columns for task in tasks},
        "fingerprint": member_transform(member).fingerprint(crop_recipe=work.runs.crop_recipe),
    }


def _learnt_from_folds(work: Work, cell: Cell) -> dict:
    """How long to train on everybody: the median of the folds' best epochs (the lower of two), with
    the scores of the fold nearest to it for a schedule that looks at scores."""
    folds = [c for c in member_cells(work.settings, cell.member) if c.seed == cell.seed]
    best = {c: read_json(work.runs.done(c))["best_epoch"] for c in folds}
    epochs = sorted(best.values())[(len(best) - 1) // 2]
    nearest = min(folds, key=lambda c: (abs(best[c] - epochs), c.fold))
    lines = work.runs.history(nearest).read_text(encoding="utf-8").splitlines()
    scores = tuple(json.loads(line)["score"] for line in lines)
    return {"stop_after": epochs, "past_scores": scores, "early_stop": None, "best": "last"}


def _score(
    logits: Logits, *, work: Work, member: Member, tasks: list[Task], held: pd.DataFrame
) -> dict[str, float]:
    """Each task's metric on the held-out pictures; `score` where one metric says it all."""
    losses, truths = head_losses(member, tasks), targets_of(tasks, held)
    row, probs, known = {}, {}, {task.name: task for task in tasks}
    for name, task in known.items():
        metric = METRICS[task.metric]
        seen = probs[name] = to_probs(logits[name], task=task, loss=losses[name]).numpy()
        answer = seen[:, 0] if metric.looks_at == "score" else decide(task, seen)
        row[f"{name}.{task.metric}"] = metric.compute(truths[name], answer, group_of(task, held))
    contest = work.settings.competition
    if len(tasks) == 1 or "answer" in known:
        task = known.get("answer", tasks[0])
        row["score"] = METRICS[task.metric].as_score(row[f"{task.name}.{task.metric}"])
    elif contest.answer.is_product and set(contest.answer.tasks) <= set(known):
        sizes = [len(known[name].classes) for name in contest.answer.tasks]
        truth = combine_classes([truths[name] for name in contest.answer.tasks], sizes=sizes)
        joint = combine_probs([probs[name] for name in contest.answer.tasks])
        metric = METRICS[contest.metric_name]
        row[f"answer.{contest.metric_name}"] = metric.compute(truth, joint.argmax(axis=1))
        row["score"] = metric.as_score(row[f"answer.{contest.metric_name}"])
    return row


def _save_checkpoint(work: Work, cell: Cell, state: State) -> None:
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
        **cell_facts(work, cell),
    }
    with writing(work.runs.checkpoint(cell)) as temporary:
        save_state(temporary, parts, facts=facts)


def _restore(work: Work, cell: Cell, state: State) -> None:
    """Goes on from the cell's checkpoint, when there is one."""
    if not work.runs.checkpoint(cell).exists():
        return
    parts, facts = load_state(work.runs.checkpoint(cell))
    state.network.load_state_dict(parts["network"])
    restore_optimiser(state.optimiser, parts.get("optimiser", {}))
    if state.ema is not None:
        state.ema.module.load_state_dict(parts["ema"])
    state.scaler.load_state_dict(facts["scaler"])
    state.history = facts["history"]
    state.best_weights, state.best_logits = parts["best"], parts["best_logits"]
    print(f"train: {cell.name} goes on after epoch {len(state.history)}")


def _finish(
    work: Work,
    cell: Cell,
    state: State,
    *,
    held: pd.DataFrame,
    tasks: list[Task],
    transform: Transform,
) -> dict:
    """Writes the best weights, the OOF table and, last of all, the mark that the cell is done."""
    scores = state.scores
    keeps_last = cell.fold == REFIT or work.settings.members[cell.member].best == "last"
    best = len(scores) - 1 if keeps_last else None
    best = max(range(len(scores)), key=lambda i: (scores[i], -i)) if best is None else best
    with writing(work.runs.weights(cell)) as temporary:
        save_state(temporary, {"network": state.best_weights}, facts=cell_facts(work, cell))
    if cell.fold != REFIT:
        frame = prediction_frame(
            held["image_id"],
            cell,
            view="identity",
            logits=state.best_logits,
            tasks=tasks,
            losses=head_losses(work.settings.members[cell.member], tasks),
        )
        write_table(work.runs.oof(cell), frame)
    known = ("train_loss", "held_out_loss", *(key for key in state.history[best] if "." in key))
    decided = [key for key in known if key in state.history[best]][-1]
    facts = {
        "best_epoch": best + 1,
        "num_epochs": len(scores),
        "decided_by": decided,
        "best_value": state.history[best][decided],
        "num_held_out": len(held),
        "images_per_second": float(np.median([row["images_per_second"] for row in state.history])),
        "seconds": round(sum(row["seconds"] for row in state.history), 1),
        "image_size": transform.size,
        "num_parameters": sum(p.numel() for p in state.network.parameters()),
    }
    write_json(work.runs.done(cell), facts)
    work.runs.checkpoint(cell).unlink(missing_ok=True)
    return facts


def prediction_frame(
    image_ids: pd.Series,
    cell: Cell,
    *,
    view: str,
    logits: Logits,
    tasks: list[Task],
    losses: dict[str, str],
) -> pd.DataFrame:
    """The predictions table of one cell and view: one column a class, or the score or value.

    `losses` says how each task's head is read (head_losses).
    """
    columns = {"image_id": image_ids.to_numpy(), "fold": cell.fold, "seed": cell.seed, "view": view}
    for task in tasks:
        probs = to_probs(logits[task.name], task=task, loss=losses[task.name]).numpy()
        columns |= dict(zip(task.columns, probs.T, strict=True))
    return pd.DataFrame(columns)
