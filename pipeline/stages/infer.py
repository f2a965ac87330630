"""infer: one pass over the pictures for all folds, seeds and views of a member.

Test pictures are seen by every fold; a train picture only by the folds that did not see its person,
so that the views can be scored out of fold.
"""

from collections.abc import Iterable
from functools import partial

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from pipeline.images.batches import CropDataset, in_order, make_loader
from pipeline.images.transform import normalise
from pipeline.images.views import apply_view
from pipeline.labels.tasks import Task
from pipeline.learning.checkpoint import load_state
from pipeline.learning.network import FaceNetwork
from pipeline.learning.predict import predict_logits
from pipeline.runs import Cell, mark, read_table, shown, write_table
from pipeline.stages import Work
from pipeline.stages.cell import cell_facts, prediction_frame
from pipeline.stages.crop import crops_of
from pipeline.stages.members import (
    choose_device,
    choose_workers,
    member_tasks,
    read_labelled,
    read_test,
    targets_of,
)
from pipeline.stages.progress import (
    answering_cells,
    infer_recipe,
    is_inferred,
    member_cells,
)
from pipeline.stages.recipes import head_losses, make_network, member_transform
from pipeline.tables import PREDICTIONS, check_table


def run(work: Work) -> None:
    device, precision = choose_device(work.settings)
    labelled, test = read_labelled(work.runs), read_test(work.runs)
    unseen = test[test["row"] < 0]
    for member in work.settings.members:
        if is_inferred(work, member):
            continue
        predict = partial(
            predict_cells, work, member, crops_of_work=work, device=device, precision=precision
        )
        cells = member_cells(work.settings, member)
        held = [
            (
                [cell for cell in cells if cell.fold == fold],
                labelled[labelled["fold"] == fold].reset_index(drop=True),
            )
            for fold in dict.fromkeys(cell.fold for cell in cells)
        ]
        oof = pd.concat(
            [predict(some, part, what="train pictures") for some, part in held], ignore_index=True
        )
        seen = test[test["row"] >= 0].reset_index(drop=True)
        cells = answering_cells(work.settings, member)
        frames = [predict(cells, seen, what="test pictures")] if len(seen) else []
        if len(unseen):
            frames.append(
                _prior(work, member, cells, image_ids=unseen["image_id"], labelled=labelled)
            )
        tested = pd.concat(frames, ignore_index=True) if frames else oof.iloc[:0]
        for part, frame in (("oof", oof), ("test", tested)):
            write_table(work.runs.predictions(member, part), check_table(frame, PREDICTIONS))
            mark(work.runs.predictions(member, part), infer_recipe(work, member))
        columns = [c for task in _tasks(work, member) for c in task.columns]
        averages = tested.groupby("image_id", sort=False)[columns].mean().reset_index()
        write_table(work.runs.averages(member), averages)
        print(
            f"infer: {member}: {len(test)} test pictures, {len(cells)} cells, "
            f"views {', '.join(work.settings.infer.views)}; wrote "
            f"{shown(work.runs.averages(member))}"
        )
    if len(unseen):
        shown_ids = ", ".join(unseen["image_id"].head(3))
        print(
            f"infer: {len(unseen)} test pictures can't be read and got the prior: {shown_ids} ..."
        )


def load_cell(work: Work, cell: Cell, *, device: torch.device) -> FaceNetwork:
    """A trained cell's network. Raises ValueError when its weights were made for something else."""
    parts, facts = load_state(work.runs.weights(cell))
    for key, wanted in cell_facts(work, cell).items():
        if facts.get(key) != wanted:
            raise ValueError(
                f"{shown(work.runs.weights(cell))}: its {key} is {facts.get(key)!r}, but this "
                f"experiment has {wanted!r}; weights serve only what they were trained on"
            )
    member = work.settings.members[cell.member]
    tasks = _tasks(work, cell.member)
    network = make_network(member, tasks, weights="none")
    network.load_state_dict(parts["network"])
    return network.eval().to(device, memory_format=torch.channels_last)


def _tasks(work: Work, member: str) -> list[Task]:
    return member_tasks(work.settings, work.settings.members[member])


def predict_cells(
    work: Work,
    member: str,
    cells: list[Cell],
    pictures: pd.DataFrame,
    *,
    what: str,
    crops_of_work: Work,
    device: torch.device,
    precision: str,
) -> pd.DataFrame:
    """The predictions of these cells for these pictures: every view, one pass.

    The crops are those of `crops_of_work`, which can be another contest's.
    """
    transform = member_transform(work.settings.members[member])
    infer = work.settings.infer
    loader = make_loader(
        CropDataset(
            crops_of(crops_of_work),
            rows=pictures["row"].to_numpy(),
            size=transform.size,
            targets={},
        ),
        in_order(len(pictures), batch_size=infer.batch_size),
        workers=choose_workers(work.settings, device_type=device.type),
        pin=device.type == "cuda",
    )
    bar: Iterable = tqdm(loader, desc=f"infer: {member} {what}", unit="batch", leave=False)
    outcomes = predict_logits(
        [load_cell(work, cell, device=device) for cell in cells],
        bar,
        views={view: partial(apply_view, view=view) for view in infer.views},
        to_input=partial(normalise, transform=transform),
        device=device,
        precision=precision,
    )
    ids, tasks = pictures["image_id"], _tasks(work, member)
    losses = head_losses(work.settings.members[member], tasks)
    return pd.concat(
        [
            prediction_frame(ids, cell, view=view, logits=logits, tasks=tasks, losses=losses)
            for cell, views in zip(cells, outcomes, strict=True)
            for view, logits in views.items()
        ],
        ignore_index=True,
    )


def _prior(
    work: Work,
    member: str,
    cells: list[Cell],
    *,
    image_ids: pd.Series,
    labelled: pd.DataFrame,
) -> pd.DataFrame:
    """The answer for a picture that can't be read: shares of the classes, mean value."""
    columns = {}
    tasks = _tasks(work, member)
    for task, targets in zip(tasks, targets_of(tasks, labelled).values(), strict=True):
        if task.kind == "classes":
            shares = np.bincount(targets, minlength=len(task.classes)) / len(targets)
            columns |= dict(zip(task.columns, shares.astype(np.float32).tolist(), strict=True))
        else:
            columns[task.columns[0]] = float(np.mean(targets))
    rows = [
        {"image_id": image_id, "fold": cell.fold, "seed": cell.seed, "view": view, **columns}
        for cell in cells
        for view in work.settings.infer.views
        for image_id in image_ids
    ]
    return pd.DataFrame(rows)


def read_predictions(work: Work, member: str, part: str) -> pd.DataFrame:
    """A member's stored predictions of a part, `oof` or `test`."""
    return check_table(read_table(work.runs.predictions(member, part)), PREDICTIONS)
