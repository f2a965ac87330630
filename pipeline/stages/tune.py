"""tune: the habits of careful training for one member, each with a verdict in words, and a study.

Nothing here changes the experiment: the last habit prints the command that does.
"""

from dataclasses import replace
from importlib.util import find_spec
from typing import Any

from pipeline.config import Experiment
from pipeline.console.requirements import say_install
from pipeline.experiment.cells import tuned_member
from pipeline.experiment.fingerprints import tune_key
from pipeline.experiment.work import Work
from pipeline.features.tuning.ranges import long_command
from pipeline.features.tuning.verdicts import HABITS
from pipeline.stages import STAGES
from pipeline.stages.registry import make_folds
from pipeline.storage import Runs, display_path, stamp, write_json


def check(work: Work) -> None:
    """Raises ValueError, one sentence a line, for ranges that can't be varied, or no Optuna."""
    from pipeline.features.tuning.optuna_study import read_ranges
    from pipeline.training.checks import check_training

    check_training(work.settings, work.runs)
    member = tuned_member(work.settings)
    if work.settings.members[member].is_student:
        raise ValueError(f"tune.member: {member} needs its teachers first; tune one without them")
    if not work.settings.tune.trials:
        if work.settings.tune.ranges:
            raise ValueError("tune.ranges: say how many trials, as in tune.trials=20")
        return
    read_ranges(work.settings, member=member)
    if find_spec("optuna") is None:
        raise ValueError(f"tune.trials: a study needs Optuna; type: {say_install('tune')}")


def run(work: Work) -> None:
    """Walks through the habits, and writes the report and the command of the long run."""
    from pipeline.features.tuning.habits import walk_habits

    def prepare(settings: Experiment, runs: Runs) -> None:
        make_folds(replace(work, settings=settings, runs=runs))

    found = walk_habits(work.settings, work.runs, prepare=prepare)
    _finish(work, found.report, changes=found.changes)


def _finish(work: Work, report: dict[str, Any], *, changes: dict[str, Any]) -> None:
    """Habit 5: the command of the long run; then the report, and what was bad in one line."""
    report["changes"] = changes
    report["command"] = None
    if changes:
        report["command"] = long_command(work.command, changes, stages=tuple(STAGES))
        print(f"tune: habit 5, {HABITS[5]}: with the best, to type:\n  {report['command']}")
        if work.runs.settings.exists():
            print(
                f"  but {display_path(work.runs.experiment)} already holds a run: first copy "
                "the config to a new name, and type that name behind -c"
            )
    else:
        print(f"tune: habit 5, {HABITS[5]}: not yet: mend what is BAD above, then tune again")
    bad = sorted({str(row["habit"]) for row in report["verdicts"] if not row["good"]})
    said = f"look at habit {', '.join(bad)} first" if bad else "all habits are good"
    print(f"tune: habit 6, {HABITS[6]}: {said}")
    path = work.runs.tuned("report.json", member=report["member"])
    write_json(path, report)
    stamp(path, tune_key(work.settings, work.runs))
    print(f"tune: wrote report.json, sweep.png, sweep.csv, grid.csv to {display_path(path.parent)}")
