"""report: one page that shows an experiment, from stored tables alone; with names a page that puts
experiments beside each other. A file that opens from disk and asks no network for anything."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.experiment.work import Work
from pipeline.leaderboard.ledger import read_ledger
from pipeline.metrics.paired import show_number
from pipeline.stages.status import check_is_no_stage, say_untrained
from pipeline.storage import display_path, now, read_json, write_text

LIMIT = 10e6  # bytes


def check(work: Work) -> None:
    """Raises ValueError for a name of nothing trained, and for a ledger that can't be read."""
    read_ledger(work.runs)
    if work.words:
        from pipeline.features.report.experiments import find_sides

        for word in work.words:
            check_is_no_stage(work, word, last="report")
        find_sides(work.settings, work.runs, work.words)
    else:
        say_untrained(work, "report")


def run(work: Work) -> None:
    """Writes the page of the experiment, or that of several by name."""
    if work.words:
        _write_comparison(work)
    else:
        _write_report(work)


def _write_report(work: Work) -> None:
    """The page of one experiment, and its scores on the screen."""
    from pipeline.features.report.context import gather_context
    from pipeline.features.report.page import build_page
    from pipeline.features.report.sections import describe_all
    from pipeline.features.report.verdict import describe_verdict, whole_row

    context = gather_context(work.settings, work.runs)
    sections = describe_all(context)
    stored = work.runs.provenance
    page = build_page(
        title=context.name,
        lead=describe_verdict(context),
        sections=sections,
        made=now(),
        command=" ".join(work.command),
        trained=read_json(stored)["runs"][-1]["started"] if stored.exists() else "",
    )
    write_text(work.runs.report, page)
    for judged in context.answers:
        row = whole_row(context, "all members", judged.target.task)
        said = f"{judged.title} {judged.target.metric_name} {show_number(row['value'])}"
        print(
            f"report: {said} (95 % {show_number(row['low'])}..{show_number(row['high'])}), all "
            "members on the images as they are, without views"
        )
    _say_written(work.runs.report, page, f"{len(sections)} sections on {context.name}")


def _write_comparison(work: Work) -> None:
    """The page of several experiments."""
    from pipeline.features.report.experiments import describe_sides, find_sides, say_verdict
    from pipeline.features.report.page import build_page, render

    sides = find_sides(work.settings, work.runs, work.words)
    names: Sequence[str] = [side.settings.name for side in sides]
    page = build_page(
        title=" and ".join(names),
        lead=render("sides_lead.html.j2", sentences=say_verdict(sides)),
        sections=describe_sides(sides),
        made=now(),
        command=" ".join(work.command),
    )
    path = work.runs.report_of(names)
    write_text(path, page)
    _say_written(path, page, f"{', '.join(names)} beside each other")


def _say_written(path: Path, page: str, what: str) -> None:
    size = len(page.encode("utf-8"))
    if size > LIMIT:
        print(f"report: {size / 1e6:.1f} MB are more than a page should have")
    print(f"report: wrote {what}, {size / 1e6:.2f} MB, to {display_path(path)}")
