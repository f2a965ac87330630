"""auto: given hours, the best submission. Every step that ends leaves a valid one.

Candidates come from configs/auto/candidates.yaml and the config's own members. Each is an ordinary
member of the experiment; what was kept stands in a config that a person can go on with.
"""

import shlex
import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd

from pipeline.config import write_settings
from pipeline.config.candidates import read_candidates
from pipeline.console.installation import COMMAND, SHIPPED
from pipeline.experiment.blend import answer_spaces
from pipeline.experiment.device import choose_device
from pipeline.experiment.grouping import read_grouping
from pipeline.experiment.settings_guard import check_settings
from pipeline.experiment.work import Work
from pipeline.features.auto.budget import Budget, note_spent, read_budget, read_spent
from pipeline.features.auto.candidate_costs import Cost
from pipeline.features.auto.candidate_search import Search, Steps
from pipeline.features.auto.choices import make_choices, prepare_settings
from pipeline.features.auto.judge import Judge
from pipeline.features.auto.learning_curve import add_curve
from pipeline.features.auto.record import Record, check_tried, read_record
from pipeline.features.auto.words import describe_curve, describe_end, describe_time
from pipeline.stages.registry import STAGES, is_done, plan_stages, run_missing
from pipeline.stages.status import say_kept
from pipeline.storage import MEGABYTE, Runs, display_path, hold_lock, read_table, write_text

LISTED = SHIPPED / "configs" / "auto" / "candidates.yaml"


def check(work: Work) -> None:
    """Raises ValueError for hours that are no time, and a list of candidates that is none."""
    read_budget(work.options, spent=0.0, began=work.began)
    read_candidates(_listed(work))
    if work.runs.settings.exists() and not work.runs.auto("").exists():
        raise ValueError(
            f"auto: {display_path(work.runs.experiment)} was trained by hand, and auto would "
            f"answer in its place; copy the config of {work.settings.name} to a new name"
        )


def run(work: Work) -> None:
    """Tries candidates until the time is up, and writes the record and what was kept."""
    with hold_lock(work.runs.lock("train"), command=shlex.join(work.command)):
        _run(work)


def _run(work: Work) -> None:
    run_missing(work, plan_stages(["index"]))
    first, *others = answer_spaces(work.settings)
    record = read_record(
        work.runs.auto("record.json"),
        metric=f"{first.name} {first.metric_name}" if others else first.metric_name,
        num_answers=1 + len(others),
    )
    record.write(work.runs.auto("record.json"))  # before the first cell: a kill finds its own run
    clock_file = work.runs.auto("spent.json")
    spent = max(record.spent, read_spent(clock_file))
    budget = read_budget(work.options, spent=spent, began=work.began)
    left = max(budget.left, 0.0)
    print(f"auto: {left / 60:.1f} of {budget.seconds / 60:.1f} minutes are left")
    with note_spent(clock_file, budget):
        _spend(work, record, budget)


def _spend(work: Work, record: Record, budget: Budget) -> None:
    """Cuts, splits, searches, and writes what was found."""
    device, _ = choose_device(work.settings)
    choices = make_choices(
        read_candidates(_listed(work)),
        work.settings,
        _train_rows(work.runs),
        machine="cpu" if device.type == "cpu" else "gpu",
        tried=record.tried,
    )
    check_tried(record, work.runs.auto("record.json"), choices=choices)
    settings = prepare_settings(work.settings, choices)
    own = replace(work, settings=settings, runs=Runs(settings), options={})
    check_settings(own.settings, own.runs)
    run_missing(own, plan_stages(["split"]))
    search = Search(
        own,
        choices=choices,
        budget=budget,
        record=record,
        path=work.runs.auto("record.json"),
        steps=Steps(run=_run_stage, count=_count, forecast=_forecast, at_once=_at_once(own)),
    )
    search.run()
    _end(own, search, record)
    said = add_curve(record, own.settings, own.runs, name=next(iter(choices)), seconds=budget.left)
    record.write(work.runs.auto("record.json"))
    if record.curve is not None:
        unit = read_grouping(own.runs).unit
        said = describe_curve(record.curve, metric=record.metric, unit=unit)
    print(f"auto: {said}")
    print(f"auto: {describe_time(record, used=budget.used, given=budget.seconds)}")


def _listed(work: Work) -> Path:
    return Path(work.options.get("candidates", LISTED))


def _train_rows(runs: Runs) -> pd.DataFrame:
    """The train images of the index, with their labels."""
    images = read_table(runs.images)
    return images[images["part"] == "train"]


def _at_once(work: Work) -> int:
    """Cells that are trained side by side here."""
    from pipeline.jobs.resources import find_slots

    return len(find_slots(work.settings, most=work.settings.folds.total, job_bytes=0))


def _run_stage(work: Work, name: str) -> None:
    if name != "train" and is_done(work, name):
        return
    module = STAGES[name].module
    if hasattr(module, "check"):
        module.check(work)
    module.run(work)


def _count(work: Work) -> float:
    """Operations of what is not trained yet of the work's members."""
    from pipeline.features.planning.estimate import make_forecast

    return max(make_forecast(work, ["train", "infer"], timed=False).operations, 1.0)


def _forecast(work: Work) -> Cost:
    """What is not trained yet of the work's members takes here. Raises ValueError where the disk
    has no room for it."""
    from pipeline.features.planning.estimate import make_forecast

    found = make_forecast(work, ["train", "infer"])
    free = shutil.disk_usage(work.runs.folder).free
    if found.disk > free:
        raise ValueError(
            f"it needs {found.disk / MEGABYTE:,.0f} MB of disk, {free / MEGABYTE:,.0f} are free"
        )
    cells = [job["seconds"] for name, job in found.jobs.items() if not name.startswith("infer ")]
    seconds = {name: part.seconds for name, part in found.parts.items()}
    return Cost(
        fold=max(cells, default=0.0),
        train=seconds.get("train", 0.0),
        infer=seconds.get("infer", 0.0),
    )


def _end(work: Work, search: Search, record: Record) -> None:
    """The config of what was kept, the end's sentences, and the lockbox, once."""
    kept = search.members(record.kept)
    text = f"# What {COMMAND} auto kept of {len(record.tries)} candidates; go on from it by hand.\n"
    write_text(work.runs.auto_config, text + write_settings(kept.settings))
    order = [one.name for one in record.tries if one.score is not None]
    judge = Judge(search.members(order).settings, work.runs)
    unit = read_grouping(work.runs).unit
    config = say_kept(work)
    worth = judge.judge_choice(order)
    for line in describe_end(record, worth=worth, unit=unit, config=config):
        print(f"auto: {line}")
    if kept.settings.folds.lockbox:
        _open_lockbox(kept)
        if worth.over_constant.low > 0:
            print(
                "auto: the people of the lockbox taught none of this: a copy of "
                f"{display_path(work.runs.auto_config)} with another name: and with lockbox: 0 "
                f"trains the same on everybody; {COMMAND} train infer -c COPY makes that submission"
            )
    print(
        f"auto: wrote {display_path(kept.runs.submission)}; go on by hand with "
        f"{COMMAND} report {config}"
    )


def _open_lockbox(kept: Work) -> None:
    """Scores the lockbox, once: a choice that goes on with more hours does not look again."""
    if not kept.runs.lockbox_scores.exists():
        _run_stage(kept, "lockbox")
        return
    print(
        "auto: the lockbox was opened by an earlier command, and its score is of what was kept "
        f"then: {display_path(kept.runs.lockbox_scores)}"
    )
