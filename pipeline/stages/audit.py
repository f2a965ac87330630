"""audit: what would make a good score a lie: copies across folds, leaks, shift, wrong labels.

Images are shown by the number of their crop (`#12`), which the tables have as `row`.
"""

from importlib.util import find_spec

from pipeline.experiment.fingerprints import audit_key
from pipeline.experiment.grouping import read_grouping
from pipeline.experiment.images_table import read_labelled
from pipeline.experiment.tasks import contest_tasks
from pipeline.experiment.work import Work
from pipeline.features.audit.copies import (
    PAIR_COLUMNS,
    copy_lines,
    find_copies,
    joined_people,
    name_copies,
    write_joins,
)
from pipeline.features.audit.figures import (
    chart_scores,
    score_charts,
    show_labels,
    show_pairs,
    show_shift,
)
from pipeline.features.audit.fixes import write_fixes
from pipeline.features.audit.leaks import probe_leaks
from pipeline.features.audit.sample import audited_images, draw_sample, labelled_part
from pipeline.features.audit.shift import judge_shift
from pipeline.features.audit.unnamed import join_lookalikes
from pipeline.features.audit.wrong_labels import find_wrong_labels, member_checkers, probe_checkers
from pipeline.people.features import upper_halves
from pipeline.storage import display_path, stamp, write_table, write_text


def check(work: Work) -> None:
    """Raises ValueError for a package that is missing and for a backbone without weights."""
    audit, kinds = work.settings.audit, {task.kind for task in contest_tasks(work.settings)}
    if audit.labels and kinds != {"regression"} and find_spec("cleanlab") is None:
        raise ValueError(
            "audit judges labels with cleanlab: .venv/bin/pip install -r requirements-audit.txt "
            "(or leave them out: audit.labels=false)"
        )
    if audit.backbone is not None:
        from pipeline.models.pretrained import check_backbone, check_weights

        check_backbone(audit.backbone)
        check_weights(audit.backbone, weights="imagenet")


def run(work: Work) -> None:
    images, labelled = audited_images(work), read_labelled(work.runs)
    grouping = read_grouping(work.runs)
    upper = upper_halves(work, images["row"], said="audit: thumbnails")
    pairs = find_copies(upper, correlation=work.settings.audit.correlation)
    table = name_copies(work, images, pairs)
    write_table(work.runs.audited("pairs.csv"), table[list(PAIR_COLUMNS)])
    lines = copy_lines(
        images,
        table,
        joins=write_joins(work, images, table),
        fixes=display_path(work.runs.audited("people.csv")),
        unit=grouping.unit,
    )
    show_pairs(work, images, table)

    within = table[table["parts"] == "train"]
    people = joined_people(images, within, people=images["split_person"])
    sample = draw_sample(work, images, people)
    learnt, features, known = labelled_part(sample, images, labelled, people)
    if grouping.unit != "people":
        known = join_lookalikes(work, learnt, known)
    leaks, said = probe_leaks(work, learnt, features, people=known)
    lines += said

    shift = None
    if (images["part"] == "test").any():
        scored, shift, said = judge_shift(
            work, images, pairs, sample, is_upper_bound=grouping.is_upper_bound
        )
        show_shift(work, scored)
        lines += said
    else:
        lines.append("shift: there are no test images to compare with")
    charts = score_charts(leaks, shift)
    chart_scores(work, charts)

    if work.settings.audit.labels:
        judges = member_checkers(work, labelled)
        judges = {**probe_checkers(work, learnt, features, people=known, but=judges), **judges}
        doubts, said = find_wrong_labels(work, judges)
        lines += [*said, *write_fixes(work, doubts)]
        show_labels(work, doubts)
    text = "\n".join(lines)
    _write_page(work, lines, charts)
    write_text(work.runs.audited("summary.txt"), text + "\n")
    stamp(work.runs.audited("summary.txt"), audit_key(work.settings, work.runs))
    print(text)
    print(
        "audit: wrote audit.html, summary.txt, tables and images to "
        f"{display_path(work.runs.audited(''))}"
    )


def _write_page(work: Work, lines: list[str], charts: dict) -> None:
    """audit.html: what the summary says, with the charts and the sheets."""
    from pipeline.features.report.audit_page import SHEETS, build_audit_page
    from pipeline.leaderboard.ledger import now

    page = build_audit_page(
        name=work.settings.name,
        contest=work.settings.competition.name,
        findings=lines,
        charts=charts,
        sheets={name: work.runs.audited(f"{name}.png") for name in SHEETS},
        folder=display_path(work.runs.audited("")),
        made=now(),
        command=" ".join(work.command),
    )
    write_text(work.runs.audited("audit.html"), page)
