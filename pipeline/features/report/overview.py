"""What was done: members and their cost, the commands, the machine, the settings."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pipeline.config import Experiment
from pipeline.config.loading import say_setting
from pipeline.experiment.cells import all_cells, used_members
from pipeline.experiment.fingerprints import ensemble_key, stack_key
from pipeline.features.report.context import ReportContext
from pipeline.features.report.page import Section, render
from pipeline.features.report.parts import Table
from pipeline.figures.chart import say_count
from pipeline.metrics.paired import show_number
from pipeline.storage import Cell, Runs, display_path, is_fresh, read_json

_PACKAGES = ("torch", "torchvision", "timm", "albumentations", "numpy", "facenet-pytorch")


def submission_parts(settings: Experiment, runs: Runs) -> list[dict]:
    """The answers of the submission as its record has them; none where it is not up to date."""
    if not is_fresh(runs.submission, ensemble_key(settings)):
        return []
    return read_json(runs.submission_record)["parts"]


def stack_parts(settings: Experiment, runs: Runs) -> list[dict]:
    """The answers of the stack as its record has them; none where it is not up to date."""
    if not is_fresh(runs.stacked, stack_key(settings, runs)):
        return []
    return read_json(runs.stack("stack.json"))["parts"]


def submission_scores(settings: Experiment, runs: Runs) -> list[str]:
    """The OOF score of each answer of the submission, in words; none where there is none."""
    how = f"{settings.ensemble.method} over {', '.join(settings.tta)}"
    return [say_part("submission", how, part) for part in submission_parts(settings, runs)]


def say_part(what: str, how: str, part: dict) -> str:
    """`submission, answer (mean over identity): macro_f1 0.4800 (95 % 0.3858–0.5530)`."""
    oof = part["oof"]
    ends = f"95 % {show_number(oof['low'])}–{show_number(oof['high'])}"
    name = f"{what}, {part['answer']} ({how})"
    return f"{name}: {oof['metric']} {show_number(oof['value'])} ({ends})"


def trained_cells(settings: Experiment, runs: Runs) -> dict[Cell, dict]:
    """What the record of each trained cell says."""
    cells = [cell for cell in all_cells(settings) if runs.done(cell).exists()]
    return {cell: read_json(runs.done(cell)) for cell in cells}


def say_time(seconds: float) -> str:
    """Seconds, as minutes from two minutes on."""
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:,.0f} min"


def describe_work(context: ReportContext) -> Section:
    """The section: members, commands and settings."""
    settings, runs = context.settings, context.runs
    used = ", ".join(used_members(settings))
    body = render(
        "work.html.j2",
        sentence=(
            f"{settings.folds.total} folds; the ensemble is the {settings.ensemble.method} of "
            f"{used}; {context.counted} are held out."
        ),
        members=member_table(settings, runs),
        commands=command_table(runs),
        missing=display_path(runs.provenance),
        own_settings=own_settings(settings),
        settings_path=display_path(runs.settings),
        settings_text=runs.settings.read_text(encoding="utf-8"),
    )
    says = f"{say_count(len(settings.members), 'members')}, {settings.folds.total} folds"
    return Section("work", "What was done", body, says=says, is_open=False)


def own_settings(settings: Experiment) -> Table:
    """The settings that are not the defaults, a line a key."""
    values = settings.model_dump(mode="json", exclude_defaults=True)
    rows = [(key, say_setting(value)) for key, value in flatten(values)]
    caption = f"{len(rows)} settings are not the defaults"
    return Table(("setting", "value"), rows, caption, words=2)


def flatten(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """`a.b.c` and its value for everything in nested mappings."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from flatten(inner, f"{key}.{name}" if key else name)
    else:
        yield key, value


def member_table(settings: Experiment, runs: Runs) -> Table:
    """A member a row: what it is, and its cells' cost."""
    facts = trained_cells(settings, runs)
    rows = []
    for name, member in settings.members.items():
        own = [fact for cell, fact in facts.items() if cell.member == name]
        speeds = [fact["images_per_second"] for fact in own if "images_per_second" in fact]
        sizes = [fact["num_parameters"] for fact in own if "num_parameters" in fact]
        rows.append(
            (
                name,
                ", ".join(member.tasks),
                member.backbone,
                f"{member.image_size}",
                f"{sizes[0] / 1e6:.2f} M" if sizes else "–",
                f"{len(own)}",
                ", ".join(dict.fromkeys(str(fact["best_epoch"]) for fact in own)),
                say_time(sum(fact.get("seconds", 0.0) for fact in own)),
                f"{np.median(speeds):.0f}" if speeds else "–",
            )
        )
    header = (
        "member",
        "tasks",
        "backbone",
        "pixels",
        "parameters",
        "cells",
        "epochs kept",
        "time",
        "images/s",
    )
    return Table(header, rows, "Members and what their training took", words=3)


def command_table(runs: Runs) -> Table | None:
    """The commands that trained it, with machine, code and versions; None where none is stored."""
    if not runs.provenance.exists():
        return None
    rows = []
    for run in read_json(runs.provenance)["runs"]:
        packages = run.get("packages", {})
        code = (run.get("git") or "unknown")[:10] + (" + changes" if run.get("git_dirty") else "")
        versions = ", ".join(f"{name} {packages[name]}" for name in _PACKAGES if name in packages)
        machine = f"{run.get('machine', '')}; {run.get('device', '')}"
        rows.append((run["started"], " ".join(run["command"]), machine, code, versions))
    header = ("started (UTC)", "command", "machine and device", "code", "versions")
    return Table(header, rows, "The commands that trained it", words=5)
