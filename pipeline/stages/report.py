"""report: one page that shows an experiment, from stored tables alone; with names a page that puts
experiments beside each other. A file that opens from disk and asks no network for anything."""

from pipeline.experiment.work import Work
from pipeline.features.report.html.markup import Html, join, paragraph, tag
from pipeline.features.report.html.page import Section, build_page
from pipeline.leaderboard.ledger import now, read_ledger
from pipeline.metrics.paired import show_number
from pipeline.stages.status import check_is_no_stage, say_untrained
from pipeline.storage import display_path, read_json, write_text

LIMIT = 10e6  # bytes


def check(work: Work) -> None:
    """Raises ValueError for a name of nothing trained, and for a ledger that can't be read."""
    read_ledger(work.runs)
    if work.words:
        from pipeline.features.report.experiments import find_sides

        for word in work.words:
            check_is_no_stage(work, word, last="report")
        find_sides(work)
    else:
        say_untrained(work, "report")


def run(work: Work) -> None:
    if work.words:
        _compare(work)
        return
    from pipeline.features.report.context import gather_context
    from pipeline.features.report.overview import lead, whole_row

    context = gather_context(work)
    sections = _sections(context)
    path = work.runs.report
    page = build_page(
        title=work.settings.name, lead=lead(context), sections=sections, foot=_foot(work)
    )
    write_text(path, page)
    for judged in context.judged[: len(context.evaluation.spaces)]:
        row = whole_row(context, "all members", judged.target.task)
        said = f"{judged.title} {judged.target.metric_name} {show_number(row['value'])}"
        print(f"report: {said} (95 % {show_number(row['low'])}..{show_number(row['high'])})")
    _say(path, page, f"{len(sections)} sections on {work.settings.name}")


def _sections(context) -> list[Section]:
    """All sections of one experiment's page, in their order."""
    from pipeline.features.report.ablation import describe_ablation
    from pipeline.features.report.calibration import describe_calibration
    from pipeline.features.report.curves import describe_curves
    from pipeline.features.report.data import describe_data, describe_folds
    from pipeline.features.report.explanations import describe_explanations
    from pipeline.features.report.groups import describe_groups
    from pipeline.features.report.leaderboard import describe_audit, describe_ledger
    from pipeline.features.report.mistakes import describe_mistakes
    from pipeline.features.report.overview import describe_work
    from pipeline.features.report.regression import describe_regression
    from pipeline.features.report.scores import describe_confusion, describe_scores

    makers = (
        describe_work,
        describe_scores,
        describe_confusion,
        describe_groups,
        describe_regression,
        describe_calibration,
        describe_mistakes,
        describe_explanations,
        describe_ablation,
        describe_ledger,
        describe_curves,
        describe_data,
        describe_folds,
        describe_audit,
    )
    made = (make(context) for make in makers)
    return [section for section in made if section is not None]


def _compare(work: Work) -> None:
    from pipeline.features.report.experiments import describe_sides, find_sides

    sides = find_sides(work)
    names = [side.settings.name for side in sides]
    first = paragraph("What differs between them, and what it did to the scores.")
    page = build_page(
        title=" and ".join(names), lead=first, sections=describe_sides(sides), foot=_foot(work)
    )
    path = work.runs.report_of(names)
    write_text(path, page)
    _say(path, page, f"{', '.join(names)} beside each other")


def _foot(work: Work) -> Html:
    made = tag("code", " ".join(work.command))
    stored = work.runs.provenance
    when = read_json(stored)["runs"][-1]["started"] if stored.exists() and not work.words else ""
    trained = f" Last trained {when}." if when else ""
    return join(tag("p", f"Made {now()} by ", made, f".{trained}"))


def _say(path, page: str, what: str) -> None:
    size = len(page.encode("utf-8"))
    if size > LIMIT:
        print(f"report: {size / 1e6:.1f} MB are more than a page should have")
    print(f"report: wrote {what}, {size / 1e6:.2f} MB, to {display_path(path)}")
