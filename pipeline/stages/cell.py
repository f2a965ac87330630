"""One cell on one device: assembled from the rooms, trained, saved every epoch, marked done.

The unit that is trained, resumed, scheduled and counted. It does not know who launched it.
"""

import json
from functools import partial

import numpy as np
import pandas as pd
import torch
from timm.utils import ModelEmaV3
from tqdm import tqdm

from pipeline.config import Member
from pipeline.images.augment import build_augment
from pipeline.images.batches import CropDataset, EpochSampler, in_order, make_loader
from pipeline.images.transform import Transform, normalise
from pipeline.labels.answers import combine_classes, combine_probs
from pipeline.labels.kinds import DEFAULT_LOSS
from pipeline.labels.tasks import Task, decide, encode, encode_band, to_numbers
from pipeline.learning.checkpoint import (
    load_state,
    optimiser_tensors,
    restore_optimiser,
    save_state,
)
from pipeline.learning.loop import Recipe, State, is_finished, train_epochs
from pipeline.learning.losses import Criterion, balanced_weights
from pipeline.learning.network import build_network, input_statistics, to_probs
from pipeline.learning.optimiser import build_optimiser
from pipeline.learning.predict import Logits
from pipeline.learning.schedule import Schedule
from pipeline.runs import Cell, write_json, write_table, write_text, writing
from pipeline.scoring.metrics import METRICS
from pipeline.stages import Work
from pipeline.stages.crop import crops_of
from pipeline.stages.members import choose_workers, member_tasks, targets_of


def train_cell(
    work: Work, cell: Cell, *, pictures: pd.DataFrame, device: torch.device, precision: str
) -> dict:
    """Trains a cell, or what is left of it, writes weights and OOF table, and gives its facts."""
    member = work.settings.members[cell.member]
    tasks = member_tasks(work.settings, member)
    held = pictures[pictures["fold"] == cell.fold].reset_index(drop=True)
    train = pictures[pictures["fold"] != cell.fold].reset_index(drop=True)
    transform = member_transform(member)
    criteria = _criteria(member, tasks, train)
    recipe = Recipe(
        criteria=criteria,
        schedule=Schedule(**member.schedule.model_dump()),
        num_epochs=member.epochs,
        seed=cell.seed,
        clip_norm=member.clip_norm,
        frozen_norm=member.frozen_norm,
        early_stop=member.early_stop,
        best=member.best,
        precision=precision,
    )
    state = _fresh_state(member, tasks, seed=cell.seed, device=device, precision=precision)
    _restore(work, cell, state)
    workers = choose_workers(work.settings, device_type=device.type)
    crops = crops_of(work)
    held_targets = _training_targets(member, tasks, held)
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
                _training_targets(member, tasks, train),
                build_augment(member.augment),
                EpochSampler(
                    len(train),
                    batch_size=member.batch_size,
                    seed=cell.seed * 1_009 + cell.fold,
                    groups=train["person_id"].astype(str).tolist(),
                    per_group=member.pictures_per_person,
                ),
            ),
            (held, {}, None, in_order(len(held), batch_size=work.settings.infer.batch_size)),
        )
    ]
    score = partial(_score, work=work, tasks=tasks, truths=targets_of(tasks, held))
    for _ in train_epochs(
        state,
        recipe=recipe,
        loader=loaders[0],
        held_out=loaders[1],
        held_out_targets={task: torch.from_numpy(values) for task, values in held_targets.items()},
        to_input=partial(normalise, transform=transform),
        score=score,
        device=device,
        show=lambda batches: tqdm(
            batches,
            desc=f"{cell.name} epoch {len(state.history) + 1}/{member.epochs}",
            unit="batch",
            leave=False,
        ),
    ):
        write_text(work.runs.history(cell), "".join(json.dumps(r) + "\n" for r in state.history))
        if not is_finished(state, recipe=recipe):
            _save_checkpoint(work, cell, state)
    return _finish(work, cell, state, held=held, tasks=tasks, transform=transform)


def member_transform(member: Member) -> Transform:
    """The evaluation transform of a member: its image size, its backbone's mean and std."""
    mean, std = input_statistics(member.backbone)
    return Transform(size=member.image_size, mean=mean, std=std)


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


def _criteria(member: Member, tasks: list[Task], train: pd.DataFrame) -> tuple[Criterion, ...]:
    criteria = []
    for task in tasks:
        head = member.tasks[task.name]
        weights = None if head.class_weights == "none" else head.class_weights
        if weights == "balanced":
            codes = encode(task, train[task.column], image_ids=train["image_id"], edges=head.edges)
            weights = balanced_weights(codes, num_classes=len(task.classes))
        criteria.append(
            Criterion(
                task=task,
                loss=head.loss or DEFAULT_LOSS[task.kind],
                weight=head.weight,
                smoothing=head.smoothing,
                gamma=head.gamma,
                class_weights=weights,
            )
        )
    return tuple(criteria)


def _training_targets(
    member: Member, tasks: list[Task], pictures: pd.DataFrame
) -> dict[str, np.ndarray]:
    """The targets as the member learns them: its own edges, softened near them if asked."""
    targets = {}
    for task in tasks:
        head, values, ids = member.tasks[task.name], pictures[task.column], pictures["image_id"]
        if head.band is not None:
            numbers = to_numbers(task, values, image_ids=ids)
            edges = head.edges or task.edges
            targets[task.name] = encode_band(numbers, edges=edges, band=head.band)
        else:
            targets[task.name] = encode(task, values, image_ids=ids, edges=head.edges)
    return targets


def _fresh_state(
    member: Member, tasks: list[Task], *, seed: int, device: torch.device, precision: str
) -> State:
    torch.manual_seed(seed)
    network = build_network(
        member.backbone,
        weights=member.weights,
        tasks=tasks,
        dropout=member.dropout,
        drop_path=member.drop_path,
        freeze=member.freeze,
    ).to(device, memory_format=torch.channels_last)
    optimiser = build_optimiser(
        network,
        name=member.optimiser,
        lr=member.lr,
        backbone_lr=member.backbone_lr,
        weight_decay=member.weight_decay,
        momentum=member.momentum,
        fused=device.type == "cuda",
    )
    ema = ModelEmaV3(network, decay=member.ema, use_warmup=True) if member.ema else None
    scaler = torch.amp.GradScaler(device.type, enabled=precision == "float16")
    return State(network=network, optimiser=optimiser, ema=ema, scaler=scaler)


def _score(
    logits: Logits, *, work: Work, tasks: list[Task], truths: dict[str, np.ndarray]
) -> dict[str, float]:
    """Each task's metric on the held-out pictures; `score` where one metric says it all."""
    probs = {task.name: to_probs(logits[task.name], task=task).numpy() for task in tasks}
    row, known = {}, {task.name: task for task in tasks}
    for task in tasks:
        metric = METRICS[task.metric]
        seen = probs[task.name]
        answer = seen[:, 0] if metric.looks_at == "score" else decide(task, seen)
        row[f"{task.name}.{task.metric}"] = metric.compute(truths[task.name], answer)
    contest = work.settings.competition
    if len(tasks) == 1:
        (value,) = row.values()
        row["score"] = METRICS[tasks[0].metric].as_score(value)
    elif len(contest.answer.tasks) > 1 and set(contest.answer.tasks) <= set(known):
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
    best = len(scores) - 1 if work.settings.members[cell.member].best == "last" else None
    best = max(range(len(scores)), key=lambda i: (scores[i], -i)) if best is None else best
    with writing(work.runs.weights(cell)) as temporary:
        save_state(temporary, {"network": state.best_weights}, facts=cell_facts(work, cell))
    frame = prediction_frame(
        held["image_id"], cell, view="identity", logits=state.best_logits, tasks=tasks
    )
    write_table(work.runs.oof(cell), frame)
    metrics = [key for key in state.history[best] if "." in key]
    decided = metrics[-1] if metrics else "held_out_loss"
    facts = {
        "best_epoch": best + 1,
        "num_epochs": len(scores),
        "decided_by": decided,
        "best_value": state.history[best][decided],
        "num_held_out": len(held),
        "images_per_second": float(np.median([row["images_per_second"] for row in state.history])),
        "seconds": round(sum(row["seconds"] for row in state.history), 1),
        "image_size": transform.size,
    }
    write_json(work.runs.done(cell), facts)
    work.runs.checkpoint(cell).unlink(missing_ok=True)
    return facts


def prediction_frame(
    image_ids: pd.Series, cell: Cell, *, view: str, logits: Logits, tasks: list[Task]
) -> pd.DataFrame:
    """The predictions table of one cell and view: one column a class, or the score or value."""
    columns = {"image_id": image_ids.to_numpy(), "fold": cell.fold, "seed": cell.seed, "view": view}
    for task in tasks:
        probs = to_probs(logits[task.name], task=task).numpy()
        columns |= dict(zip(task.columns, probs.T, strict=True))
    return pd.DataFrame(columns)
