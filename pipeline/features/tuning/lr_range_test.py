"""What the first three habits measured, kept, and the sweep of rates as a table and a figure."""

import numpy as np
import pandas as pd
import torch

from pipeline.config import Experiment
from pipeline.experiment.fingerprints import study_base
from pipeline.experiment.tasks import member_tasks
from pipeline.faces.crop_store import open_crops
from pipeline.features.tuning.initial_loss import measure_initial_loss
from pipeline.features.tuning.lr_sweep import Sweep, end_of, log_grid
from pipeline.features.tuning.sanity_checks import (
    CheckSetup,
    overfit_tiny_subset,
    sweep_learning_rates,
)
from pipeline.figures.chart import save_panels
from pipeline.figures.curves import rate_curve
from pipeline.storage import (
    Cell,
    Runs,
    atomic_write,
    is_fresh,
    read_json,
    stamp,
    write_json,
    write_table,
)
from pipeline.training.initial_weights import with_own_weights


def run_sanity_checks(
    settings: Experiment,
    runs: Runs,
    member: str,
    *,
    images: pd.DataFrame,
    device: torch.device,
    precision: str,
) -> dict:
    """What the first three habits measured; read again when nothing that they depend on changed."""
    tune, recipe = settings.tune, settings.members[member]
    path = runs.tuned("habits.json", member=member)
    plain = tune.model_dump(mode="json", include={"overfit", "overfit_steps", "sweep", "folds"})
    made_of = [
        study_base(settings, runs),
        recipe.model_dump(mode="json"),
        plain,
        tune.sweep_steps,
        "untrained sweep",
    ]
    if is_fresh(path, made_of):
        return read_json(path)
    recipe = with_own_weights(settings, runs, Cell(member, tune.folds[0], recipe.seeds[0]))
    setup = CheckSetup(
        settings=settings,
        crops=open_crops(runs.crops_of(member)),
        tasks=member_tasks(settings, recipe),
        train=images[images["fold"] != tune.folds[0]].reset_index(drop=True),
        device=device,
        precision=precision,
        seed=recipe.seeds[0],
    )
    rates = log_grid(*tune.sweep)
    # at a rate of 0 nothing is learnt: how hard the batches are in themselves
    untrained, *sweep = sweep_learning_rates(
        setup, recipe, rates=[0.0, *rates], steps=tune.sweep_steps
    )
    steps = {
        "untrained": measure_initial_loss(setup, recipe),
        "overfit": overfit_tiny_subset(
            setup, recipe, goal=tune.overfit, max_steps=tune.overfit_steps
        ),
        "rates": rates,
        "untrained_sweep": untrained,
        "sweep": sweep,
    }
    write_json(path, steps)
    stamp(path, made_of)
    return steps


def write_sweep(runs: Runs, member: str, *, rates: list[float], losses: list, sweep: Sweep) -> None:
    """sweep.csv and sweep.png of a member: the loss at each rate, and which rate was picked."""
    ends = [end_of(steps) for steps in losses]
    table = pd.DataFrame({"lr": rates, "first_loss": [s[0] for s in losses], "end_loss": ends})
    write_table(runs.tuned("sweep.csv", member=member), table)
    marks = {"picked": sweep.picked, "last stable": sweep.last_stable if sweep.limit_seen else None}
    curves = {"first step": table["first_loss"], f"after {len(losses[0])} steps": np.array(ends)}
    with atomic_write(runs.tuned("sweep.png", member=member)) as temporary:
        draw = rate_curve(rates, curves, marks={k: v for k, v in marks.items() if v is not None})
        save_panels(temporary, {f"learning rates of {member}": draw})
