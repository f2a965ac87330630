"""What was done: the settings, the commands, the machine, the time it took."""

from pathlib import Path

import numpy as np

from pipeline.experiment.cells import all_cells, used_members
from pipeline.experiment.fingerprints import ensemble_key, stack_key
from pipeline.experiment.work import Work
from pipeline.features.report.context import ReportContext, count_words
from pipeline.features.report.html.markup import Html, folded, join, paragraph, table, tag
from pipeline.features.report.html.page import Section, key_numbers
from pipeline.metrics.paired import show_number
from pipeline.storage import Cell, display_path, is_fresh, read_json

_PACKAGES = ("torch", "torchvision", "timm", "albumentations", "numpy", "facenet-pytorch")


def lead(context: ReportContext) -> Html:
    """The first sentences and the numbers that count most."""
    work, cards = context.work, []
    for judged in context.judged[: len(context.evaluation.spaces)]:
        row = whole_row(context, "all members", judged.target.task)
        better = "higher" if judged.metric.higher_is_better else "lower"
        name = f"{judged.title}: {judged.target.metric_name} ({better} is better)"
        ends = f"95 % {show_number(row['low'])}–{show_number(row['high'])}"
        cards.append((name, show_number(row["value"]), f"{ends}, out of fold, all members"))
    counts = context.evaluation.split.counts
    facts = cell_facts(work)
    seconds = sum(fact.get("seconds", 0.0) for fact in facts.values())
    cards += [
        ("Held-out images", f"{counts['num_images']:,}", f"{counts['num_people']:,} people"),
        ("Cells trained", f"{len(facts)}", f"{len(work.settings.members)} members"),
    ]
    if seconds:
        cards.append(("Time of training", say_time(seconds), "all cells one after the other"))
    contest = work.settings.competition.name
    said = f"Experiment on the contest {contest}. Every score is of images of "
    return join(
        tag("p", said, "people whom the scored network never saw.", class_="lead"),
        key_numbers(cards),
        _say_handed_in(work),
    )


def _say_handed_in(work: Work) -> Html | None:
    """What was handed in, which may have more views and layers than the scores of the page."""
    said = [*submission_scores(work), *_stack_scores(work)]
    if not said:
        return None
    plain = "The scores of this page are of each image as it is. "
    return paragraph(f"{plain}Handed in: {'; '.join(said)}.", note=True)


def submission_scores(work: Work) -> list[str]:
    """The OOF score of each answer of the submission, in words; none where there is none."""
    if not is_fresh(work.runs.submission, ensemble_key(work.settings)):
        return []
    parts = read_json(work.runs.submission_record)["parts"]
    how = f"{work.settings.ensemble.method} over {', '.join(work.settings.tta)}"
    return [_say_part("submission", how, part) for part in parts]


def _stack_scores(work: Work) -> list[str]:
    if not is_fresh(work.runs.stacked, stack_key(work.settings, work.runs)):
        return []
    parts = read_json(work.runs.stack("stack.json"))["parts"]
    return [_say_part("stack", ", ".join(p["kept"]) or "nothing kept", p) for p in parts]


def _say_part(what: str, how: str, part: dict) -> str:
    oof = part["oof"]
    ends = f"95 % {show_number(oof['low'])}–{show_number(oof['high'])}"
    name = f"{what}, {part['answer']} ({how})"
    return f"{name}: {oof['metric']} {show_number(oof['value'])} ({ends})"


def whole_row(context: ReportContext, source: str, task: str) -> dict:
    """The row `all` of a source's own metric in the scores table."""
    rows = context.scores
    rows = rows[(rows["source"] == source) & (rows["task"] == task) & (rows["fold"] == "all")]
    return rows.iloc[0].to_dict()


def cell_facts(work: Work) -> dict[Cell, dict]:
    """What the mark of each trained cell says."""
    cells = [cell for cell in all_cells(work.settings) if work.runs.done(cell).exists()]
    return {cell: read_json(work.runs.done(cell)) for cell in cells}


def say_time(seconds: float) -> str:
    minutes = seconds / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:,.0f} min"


def describe_work(context: ReportContext) -> Section:
    """The section: members, runs and settings."""
    work = context.work
    used = used_members(work.settings)
    parts = [
        paragraph(
            f"{work.settings.folds.total} folds; the ensemble is the "
            f"{work.settings.ensemble.method} of {', '.join(used)}; "
            f"{count_words(**context.evaluation.split.counts)} are held out."
        ),
        member_table(work),
        *_runs(work),
        _settings(work.runs.settings),
    ]
    return Section("work", "What was done", join(parts))


def member_table(work: Work) -> Html:
    """A member a row: what it is, and its cells' cost."""
    facts, rows = cell_facts(work), []
    for name, member in work.settings.members.items():
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
    header = ("member", "tasks", "backbone", "pixels", "parameters", "cells", "best epochs")
    header += ("time", "images/s")
    return table(header, rows, caption="Members and what their training took", words=3)


def _runs(work: Work) -> list[Html]:
    if not work.runs.provenance.exists():
        return [paragraph(f"{display_path(work.runs.provenance)} is not there.", note=True)]
    rows, runs = [], read_json(work.runs.provenance)["runs"]
    for run in runs:
        packages = run.get("packages", {})
        git = (run.get("git") or "unknown")[:10] + (" + changes" if run.get("git_dirty") else "")
        versions = ", ".join(f"{name} {packages[name]}" for name in _PACKAGES if name in packages)
        where = f"{run.get('machine', '')}; {run.get('device', '')}"
        rows.append((run["started"], tag("code", " ".join(run["command"])), where, git, versions))
    header = ("started (UTC)", "command", "machine and device", "code", "versions")
    listed = table(header, rows, caption="The commands that trained it", words=5)
    return [folded(f"Commands, machine and versions ({len(rows)})", listed)]


def _settings(path: Path) -> Html:
    text = path.read_text(encoding="utf-8")
    return folded(f"All settings ({display_path(path)})", tag("pre", text))
