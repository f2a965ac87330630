"""auto: given hours, the best submission. Every step that ends leaves a valid one.

Candidates come from configs/auto/candidates.yaml and the config's own members. Each is an ordinary
member of the experiment; what was kept stands in a config that a person can go on with.
"""

from dataclasses import replace
from datetime import datetime
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
from pipeline.features.auto.budget import read_budget
from pipeline.features.auto.candidate_search import Cost, Search, Steps
from pipeline.features.auto.choices import Choice, crop_size, make_choices
from pipeline.features.auto.judge import Judge
from pipeline.features.auto.record import Record, read_record
from pipeline.features.auto.words import describe_end
from pipeline.stages.registry import STAGES, is_done, plan_stages, run_missing
from pipeline.storage import Runs, display_path, read_table, write_text

LISTED = SHIPPED / "configs" / "auto" / "candidates.yaml"


def check(work: Work) -> None:
    """Raises ValueError for hours that are no time, and a list of candidates that is none."""
    read_budget(work.options, spent=0.0, now=datetime.now())
    read_candidates(_listed(work))
    path = Runs(work.settings).auto("record.json")
    if work.runs.settings.exists() and not path.exists():
        raise ValueError(
            f"auto: {display_path(work.runs.experiment)} was trained by hand, and auto would "
            f"answer in its place; copy the config of {work.settings.name} to a new name"
        )


def run(work: Work) -> None:
    """Tries candidates until the time is up, and writes the record and what was kept."""
    run_missing(work, plan_stages(["index"]))
    first, *others = answer_spaces(work.settings)
    record = read_record(
        work.runs.auto("record.json"),
        metric=f"{first.name} {first.metric_name}" if others else first.metric_name,
        num_answers=1 + len(others),
    )
    budget = read_budget(work.options, spent=record.spent, now=datetime.now())
    device, _ = choose_device(work.settings)
    choices = make_choices(
        read_candidates(_listed(work)),
        work.settings,
        _train_rows(work.runs),
        machine="cpu" if device.type == "cpu" else "gpu",
    )
    own = _prepared(work, choices)
    check_settings(own.settings, own.runs)
    run_missing(own, plan_stages(["split"]))
    search = Search(
        own,
        choices=choices,
        budget=budget,
        record=record,
        path=work.runs.auto("record.json"),
        steps=Steps(run=_run_stage, forecast=_forecast, at_once=_at_once(own)),
    )
    search.run()
    _end(own, search, record)


def _listed(work: Work) -> Path:
    return Path(work.options.get("candidates", LISTED))


def _prepared(work: Work, choices: dict[str, Choice]) -> Work:
    """The experiment with all candidates for members; the mean of those that answer."""
    settings = work.settings
    fresh = type(settings).model_fields
    raw = settings.model_dump(mode="python")
    for key in ("stack", "compare", "pool", "transfer", "tune", "infer"):
        raw[key] = fresh[key].get_default()
    threshold = settings.ensemble.threshold
    raw["ensemble"] = {"method": "mean", "threshold": threshold}
    raw["crop"] = settings.crop.model_copy(update={"size": crop_size(choices, settings)})
    raw["folds"] = settings.folds.model_copy(update={"train": None})
    raw["members"] = {name: one.member for name, one in choices.items()}
    raw["audit"] = settings.audit.model_copy(update={"labels": False})  # leaks, copies and shift
    raw["tta"] = ("identity", "flip")
    prepared = type(settings).model_validate(raw)
    return replace(work, settings=prepared, runs=Runs(prepared), options={})


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


def _forecast(work: Work) -> Cost:
    """What is not trained yet of the work's members takes here."""
    from pipeline.features.planning.estimate import make_forecast

    found = make_forecast(work, ["train", "infer"])
    cells = [job["seconds"] for name, job in found.jobs.items() if not name.startswith("infer ")]
    seconds = {name: part.seconds for name, part in found.parts.items()}
    return Cost(
        fold=max(cells, default=0.0),
        train=seconds.get("train", 0.0),
        infer=seconds.get("infer", 0.0),
        operations=max(found.operations, 1.0),
    )


def _end(work: Work, search: Search, record: Record) -> None:
    """The config of what was kept, the end's sentences, and the lockbox, once."""
    kept = search.members(record.kept)
    text = f"# What {COMMAND} auto kept of {len(record.tries)} candidates; go on from it by hand.\n"
    write_text(work.runs.auto_config, text + write_settings(kept.settings))
    order = [one.name for one in record.tries if one.score is not None]
    judge = Judge(search.members(order).settings, work.runs)
    lines = describe_end(
        record,
        nested=judge.nested_score(order),
        over_constant=judge.gain_over_constant(record.kept),
        unit=read_grouping(work.runs).unit,
    )
    for line in lines:
        print(f"auto: {line}")
    if kept.settings.folds.lockbox and not kept.runs.lockbox_scores.exists():
        _run_stage(kept, "lockbox")
    print(
        f"auto: wrote {display_path(kept.runs.submission)}; go on by hand with "
        f"{COMMAND} report -c {display_path(work.runs.auto_config)}"
    )
