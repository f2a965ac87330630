"""report: one page that shows an experiment, from stored tables alone; with names a page that puts
experiments beside each other. A file that opens from disk and asks no network for anything."""

from pipeline.pages.markup import Html, join, paragraph, tag
from pipeline.pages.page import Section, build_page
from pipeline.runs import read_json, shown, write_text
from pipeline.scoring.comparisons import show_number
from pipeline.stages import Work
from pipeline.stages.standing import say_untrained
from pipeline.stages.submitting.records import now, read_ledger

LIMIT = 10e6  # bytes


def check(work: Work) -> None:
    """Raises ValueError for a name of nothing trained, and for a ledger that can't be read."""
    read_ledger(work.runs)
    if work.words:
        from pipeline.stages.sections.versus import find_sides

        find_sides(work)
    else:
        say_untrained(work, "report")


def run(work: Work) -> None:
    if work.words:
        _compare(work)
        return
    from pipeline.stages.sections.material import gather_material
    from pipeline.stages.sections.overview import lead, whole_row

    material = gather_material(work)
    sections = _sections(material)
    path = work.runs.report
    page = build_page(
        title=work.settings.name, lead=lead(material), sections=sections, foot=_foot(work)
    )
    write_text(path, page)
    for judged in material.judged[: len(material.asked.spaces)]:
        row = whole_row(material, "all members", judged.question.task)
        said = f"{judged.title} {judged.question.metric_name} {show_number(row['value'])}"
        print(f"report: {said} (95 % {show_number(row['low'])}..{show_number(row['high'])})")
    _say(path, page, f"{len(sections)} sections on {work.settings.name}")


def _sections(material) -> list[Section]:
    """All sections of one experiment's page, in their order."""
    from pipeline.stages.sections.curves import describe_curves
    from pipeline.stages.sections.data import describe_data, describe_folds
    from pipeline.stages.sections.gains import describe_gains
    from pipeline.stages.sections.groups import describe_groups
    from pipeline.stages.sections.leaderboard import describe_audit, describe_ledger
    from pipeline.stages.sections.looks import describe_looks
    from pipeline.stages.sections.mistakes import describe_mistakes
    from pipeline.stages.sections.numbers import describe_numbers
    from pipeline.stages.sections.overview import describe_work
    from pipeline.stages.sections.scores import describe_confusion, describe_scores
    from pipeline.stages.sections.trust import describe_trust

    makers = (
        describe_work,
        describe_scores,
        describe_confusion,
        describe_groups,
        describe_numbers,
        describe_trust,
        describe_mistakes,
        describe_looks,
        describe_gains,
        describe_ledger,
        describe_curves,
        describe_data,
        describe_folds,
        describe_audit,
    )
    made = (make(material) for make in makers)
    return [section for section in made if section is not None]


def _compare(work: Work) -> None:
    from pipeline.stages.sections.versus import describe_sides, find_sides

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
    print(f"report: wrote {what}, {size / 1e6:.2f} MB, to {shown(path)}")
