"""Learning rate × weight decay around the picked rate: the fourth habit."""

from collections.abc import Callable

import pandas as pd
import torch

from pipeline.config import Experiment
from pipeline.features.tuning.trials import run_trial
from pipeline.storage import Runs, write_table


def train_grid(
    settings: Experiment,
    runs: Runs,
    member: str,
    *,
    picked: float,
    device: torch.device,
    precision: str,
    prepare: Callable[[Experiment, Runs], None],
) -> list[dict]:
    """Learning rate × weight decay for a few epochs on one fold: the rows of grid.csv."""
    tune = settings.tune
    rows = []
    for factor in sorted(tune.grid_lr):
        for decay in sorted(tune.grid_weight_decay):
            own = {"lr": float(f"{picked * factor:.2g}"), "weight_decay": decay}
            own["epochs"] = tune.grid_epochs
            outcome = run_trial(
                settings,
                {f"members.{member}.{key}": value for key, value in own.items()},
                member=member,
                folds=tune.folds[:1],
                device=device,
                precision=precision,
                prepare=prepare,
            )
            score = outcome.score if outcome.broken is None else None
            value = None if score is None else abs(score)
            said = outcome.broken if value is None else f"{outcome.metric} {value:.4f}"
            print(f"tune: lr {own['lr']:g}, weight_decay {decay:g}: {said}", flush=True)
            result = {"score": score, "metric": outcome.metric, "broken": outcome.broken}
            rows.append({**own, **result, "value": value, "folder": outcome.folder})
    write_table(runs.tuned("grid.csv", member=member), pd.DataFrame(rows))
    return rows
