"""The first four habits of careful training for one member, one after another, and the study."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from pipeline.config import Experiment
from pipeline.experiment.cells import tuned_member
from pipeline.experiment.device import choose_device
from pipeline.experiment.images_table import read_labelled
from pipeline.features.tuning.grid import train_grid
from pipeline.features.tuning.lr_range_test import run_sanity_checks, write_sweep
from pipeline.features.tuning.lr_sweep import read_sweep
from pipeline.features.tuning.optuna_study import run_study
from pipeline.features.tuning.verdicts import (
    HABITS,
    Verdict,
    judge_grid,
    judge_initial_loss,
    judge_overfit,
    judge_study,
    judge_sweep,
)
from pipeline.storage import Runs

Prepare = Callable[[Experiment, Runs], None]  # makes index, crops and folds where they are missing


@dataclass
class Tuned:
    """What was found: `report` is stored, `changes` are settings that were better, by their key."""

    report: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)

    def say(self, habit: int, verdict: Verdict) -> None:
        """Prints a verdict and adds it to the report."""
        print(verdict.line(habit), flush=True)
        self.add(habit, verdict)

    def add(self, habit: int | str, verdict: Verdict) -> None:
        """Adds a verdict to the report."""
        row = {"habit": habit, "good": verdict.good, "says": verdict.says}
        self.report["verdicts"].append(row)


def walk_habits(settings: Experiment, runs: Runs, *, prepare: Prepare) -> Tuned:
    """Checks first loss, overfitting of a few images, rates and a grid, and runs the study.

    Prints a verdict each. Without a learning rate to start from it ends after the third habit.
    Raises ValueError for a fold that there is not.
    """
    member = tuned_member(settings)
    tune = settings.tune
    device, precision = choose_device(settings)
    images = read_labelled(runs)
    missing = set(tune.folds) - set(images["fold"])
    if missing:
        raise ValueError(f"tune.folds: no fold {min(missing)}; the first is 0")
    found = Tuned(report={"member": member, "verdicts": []})

    print(f"tune: member {member} on {device} {precision}, fold {tune.folds[0]} held out")
    steps = run_sanity_checks(
        settings, runs, member, images=images, device=device, precision=precision
    )
    found.report |= steps
    for row in steps["untrained"]:
        facts = {key: row[key] for key in row if key != "task"}
        found.say(1, judge_initial_loss(row["task"], **facts))
    losses = steps["overfit"]["losses"]
    found.say(
        2,
        judge_overfit(
            first=losses[0],
            last=losses[-1],
            steps=len(losses),
            number=steps["overfit"]["number"],
            goal=tune.overfit,
            config=settings.as_typed,
        ),
    )
    rates = steps["rates"]
    sweep = read_sweep(rates, steps["sweep"], untrained=steps["untrained_sweep"])
    write_sweep(runs, member, rates=rates, losses=steps["sweep"], sweep=sweep)
    found.say(3, judge_sweep(sweep, rates=rates, now=settings.members[member].lr))
    if sweep.picked is None:
        print(f"tune: habit 4, {HABITS[4]}: left out: there is no rate to start from")
        return found

    rows = train_grid(
        settings,
        runs,
        member,
        picked=float(f"{sweep.picked:.2g}"),
        device=device,
        precision=precision,
        prepare=prepare,
    )
    found.say(4, judge_grid(rows))
    found.report["grid"] = rows
    done = [row for row in rows if row["score"] is not None]
    if done:
        best = max(done, key=lambda row: row["score"])
        for key in ("lr", "weight_decay"):
            found.changes[f"members.{member}.{key}"] = best[key]
    if tune.trials:
        of_study = _study(
            settings, runs, member, found, device=device, precision=precision, prepare=prepare
        )
        if of_study is not None:
            say_untried(of_study, found.changes)
            found.changes = of_study
    return found


def _study(
    settings: Experiment,
    runs: Runs,
    member: str,
    found: Tuned,
    *,
    device: torch.device,
    precision: str,
    prepare: Prepare,
) -> dict[str, Any] | None:
    """The study's best settings, by key; None where no trial came through."""
    facts = run_study(
        settings, runs, member=member, device=device, precision=precision, prepare=prepare
    )
    found.report["study"] = facts
    if facts["best"] is None:
        print("tune: study: BAD: no trial came through: narrow tune.ranges towards lower lr")
        return None
    verdict = judge_study(
        value=facts["value"],
        metric=facts["metric"],
        shipped=facts["shipped"],
        finished=facts["finished"],
    )
    print(f"tune: study: {verdict.says}")
    found.add("study", verdict)
    return facts["best"]


def say_untried(best: Mapping[str, Any], grid: Mapping[str, Any]) -> None:
    """Says what only the grid changed: the study's best was tried without it, and stays so."""
    left = [f"{key}={value:g}" for key, value in grid.items() if key not in best]
    if left:
        print(
            "tune: the study's best goes before the grid's; its trials did not have the grid's "
            f"{', '.join(left)}, so the long run has not either (tune.ranges can vary it)"
        )
