"""tune: the habits of careful training for one member, each with a verdict in words, and a study.

Nothing here changes the experiment: the last habit prints the command that does.
"""

import sys
from importlib.util import find_spec

from pipeline.experiment.cells import tuned_member
from pipeline.experiment.fingerprints import tune_key
from pipeline.experiment.work import Work
from pipeline.features.tuning.lr_sweep import read_sweep
from pipeline.features.tuning.ranges import long_command
from pipeline.features.tuning.verdicts import (
    HABITS,
    Verdict,
    judge_grid,
    judge_initial_loss,
    judge_overfit,
    judge_study,
    judge_sweep,
)
from pipeline.stages import STAGES
from pipeline.stages.registry import make_folds
from pipeline.storage import PROJECT, display_path, stamp, write_json


def check(work: Work) -> None:
    """Raises ValueError, one sentence a line, for ranges that can't be varied, or no Optuna."""
    from pipeline.features.tuning.optuna_study import read_ranges
    from pipeline.training.checks import check_training

    check_training(work)
    member = tuned_member(work.settings)
    if work.settings.members[member].is_student:
        raise ValueError(f"tune.member: {member} needs its teachers first; tune one without them")
    if not work.settings.tune.trials:
        if work.settings.tune.ranges:
            raise ValueError("tune.ranges: say how many trials, as in tune.trials=20")
        return
    read_ranges(work, member=tuned_member(work.settings))
    if find_spec("optuna") is None:
        own = PROJECT / ".venv"
        pip = ".venv/bin/pip" if sys.prefix == str(own) else f"{sys.executable} -m pip"
        raise ValueError(
            f"tune.trials: a study needs Optuna; type: {pip} install -r requirements-tune.txt"
        )


def run(work: Work) -> None:
    from pipeline.experiment.device import choose_device
    from pipeline.experiment.images_table import read_labelled
    from pipeline.features.tuning.grid import train_grid
    from pipeline.features.tuning.lr_range_test import run_sanity_checks, write_sweep

    member, tune = tuned_member(work.settings), work.settings.tune
    device, precision = choose_device(work.settings)
    images = read_labelled(work.runs)
    missing = set(tune.folds) - set(images["fold"])
    if missing:
        raise ValueError(f"tune.folds: no fold {min(missing)}; the first is 0")
    report = {"member": member, "verdicts": []}

    def say(habit: int, verdict: Verdict) -> None:
        print(verdict.line(habit), flush=True)
        report["verdicts"].append({"habit": habit, "good": verdict.good, "says": verdict.says})

    print(f"tune: member {member} on {device} {precision}, fold {tune.folds[0]} held out")
    steps = run_sanity_checks(work, member, images=images, device=device, precision=precision)
    report |= steps
    now = work.settings.members[member].lr
    for row in steps["untrained"]:
        task, facts = row["task"], {key: row[key] for key in row if key != "task"}
        say(1, judge_initial_loss(task, **facts))
    losses, number = steps["overfit"]["losses"], steps["overfit"]["number"]
    say(
        2,
        judge_overfit(
            first=losses[0], last=losses[-1], steps=len(losses), number=number, goal=tune.overfit
        ),
    )
    sweep = read_sweep(steps["rates"], steps["sweep"], untrained=steps["untrained_sweep"])
    write_sweep(work, member, rates=steps["rates"], losses=steps["sweep"], sweep=sweep)
    say(3, judge_sweep(sweep, rates=steps["rates"], now=now))
    if sweep.picked is None:
        print(f"tune: habit 4, {HABITS[4]}: left out: there is no rate to start from")
        _finish(work, member, report, changes={})
        return
    picked = float(f"{sweep.picked:.2g}")
    rows = train_grid(
        work, member, picked=picked, device=device, precision=precision, prepare=make_folds
    )
    say(4, judge_grid(rows))
    report["grid"], changes = rows, {}
    done = [row for row in rows if row["score"] is not None]
    if done:
        best = max(done, key=lambda row: row["score"])
        changes = {f"members.{member}.{key}": best[key] for key in ("lr", "weight_decay")}
    if tune.trials:
        best = _study(work, member, report, device=device, precision=precision)
        changes = changes if best is None else _put_first(best, changes)
    _finish(work, member, report, changes=changes)


def _study(work: Work, member: str, report: dict, *, device, precision) -> dict | None:
    from pipeline.features.tuning.optuna_study import run_study

    facts = run_study(work, member=member, device=device, precision=precision, prepare=make_folds)
    report["study"] = facts
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
    report["verdicts"].append({"habit": "study", "good": verdict.good, "says": verdict.says})
    return facts["best"]


def _put_first(best: dict, grid: dict) -> dict:
    """The study's best as it was tried; what only the grid changed was no part of it, so it is left
    out, and said."""
    left = [f"{key}={value:g}" for key, value in grid.items() if key not in best]
    if left:
        print(
            "tune: the study's best goes before the grid's; its trials did not have the grid's "
            f"{', '.join(left)}, so the long run has not either (tune.ranges can vary it)"
        )
    return best


def _finish(work: Work, member: str, report: dict, *, changes: dict) -> None:
    """Habit 5: the command of the long run; then the report, and what was bad in one line."""
    report["changes"], report["command"] = changes, None
    if changes:
        report["command"] = long_command(work.command, changes, stages=tuple(STAGES))
        print(f"tune: habit 5, {HABITS[5]}: with the best, to type:\n  {report['command']}")
        if work.runs.settings.exists():
            name = work.settings.name
            print(
                f"  but {display_path(work.runs.experiment)} already holds a run: first copy "
                f"configs/{name}.yaml to configs/{name}-tuned.yaml, and give -c {name}-tuned"
            )
    else:
        print(f"tune: habit 5, {HABITS[5]}: not yet: mend what is BAD above, then tune again")
    bad = sorted({str(row["habit"]) for row in report["verdicts"] if not row["good"]})
    said = f"look at habit {', '.join(bad)} first" if bad else "all habits are good"
    print(f"tune: habit 6, {HABITS[6]}: {said}")
    path = work.runs.tuned("report.json", member=member)
    write_json(path, report)
    stamp(path, tune_key(work.settings, work.runs))
    print(f"tune: wrote report.json, sweep.png, sweep.csv, grid.csv to {display_path(path.parent)}")
