"""audit: what would make a good score a lie: copies across folds, leaks, shift, wrong labels.

Images are shown by the number of their crop (`#12`), which the tables have as `row`.
"""

from importlib.util import find_spec

from pipeline.config import Experiment
from pipeline.console.requirements import say_install
from pipeline.experiment.fingerprints import audit_key
from pipeline.experiment.grouping import read_grouping
from pipeline.experiment.images_table import read_labelled
from pipeline.experiment.tasks import contest_tasks
from pipeline.experiment.work import Work
from pipeline.faces.crop_store import open_crops
from pipeline.features.audit.copies import audit_copies, joined_people
from pipeline.features.audit.figures import chart_scores, score_charts, show_shift
from pipeline.features.audit.leaks import probe_leaks
from pipeline.features.audit.sample import audited_images, draw_sample, labelled_part
from pipeline.features.audit.shift import judge_shift
from pipeline.features.audit.unnamed import join_lookalikes
from pipeline.features.audit.wrong_labels import audit_labels
from pipeline.labels.answer_groups import is_grouped, say_alone
from pipeline.storage import Runs, display_path, now, stamp, write_text


def check(work: Work) -> None:
    """Raises ValueError for a package that is missing and for a backbone without weights."""
    audit = work.settings.audit
    kinds = {task.kind for task in contest_tasks(work.settings)}
    if audit.labels and kinds != {"regression"} and find_spec("cleanlab") is None:
        raise ValueError(
            f"audit judges labels with cleanlab; type: {say_install('audit')} "
            "(or leave them out: audit.labels=false)"
        )
    if audit.backbone is not None:
        from pipeline.models.pretrained import check_backbone, check_weights

        check_backbone(audit.backbone)
        check_weights(audit.backbone, weights="imagenet")


def run(work: Work) -> None:
    """Writes audit.html, its tables, sheets and fixes, and prints the findings."""
    settings, runs = work.settings, work.runs
    images = audited_images(settings, runs)
    grouping = read_grouping(runs)
    copies = audit_copies(settings, runs, images, unit=grouping.unit)
    lines = copies.lines

    within = copies.table[copies.table["parts"] == "train"]
    people = joined_people(images["split_person"], within)
    sample = draw_sample(settings, open_crops(runs.crops), images, people)
    labelled = read_labelled(runs)
    learnt, features, known = labelled_part(sample, images, labelled, people)
    if grouping.unit != "people":
        known = join_lookalikes(settings, runs, learnt, known)
    leaks, said = probe_leaks(settings, runs, learnt, features, people=known)
    lines += said

    shift = None
    if (images["part"] == "test").any():
        scored, shift, said = judge_shift(
            settings, runs, images, copies.pairs, sample, is_upper_bound=grouping.is_upper_bound
        )
        sheet = runs.audited("shift.png")
        show_shift(sheet, open_crops(runs.crops), scored, number=settings.audit.sheet)
        lines += said
    else:
        lines.append("shift: there are no test images to compare with")
    charts = score_charts(leaks, shift)
    chart_scores(runs.audited("scores.png"), charts)

    if settings.audit.labels:
        lines += audit_labels(
            settings, runs, labelled, sample=learnt, features=features, people=known
        )
        if is_grouped(labelled):
            lines.append(f"labels: {say_alone('judged', per=settings.competition.answered_per)}")
    _write_page(work.settings, work.runs, lines, charts, command=work.command)
    text = "\n".join(lines)
    write_text(runs.audited("summary.txt"), text + "\n")
    stamp(runs.audited("summary.txt"), audit_key(settings, runs))
    print(text)
    where = display_path(runs.audited(""))
    print(f"audit: wrote audit.html, summary.txt, tables and images to {where}")


def _write_page(
    settings: Experiment, runs: Runs, lines: list[str], charts: dict, *, command: list[str]
) -> None:
    """audit.html: what the summary says, with the charts and the sheets."""
    from pipeline.features.report.audit_page import SHEETS, build_audit_page

    page = build_audit_page(
        name=settings.name,
        contest=settings.competition.name,
        findings=lines,
        charts=charts,
        sheets={name: runs.audited(f"{name}.png") for name in SHEETS},
        folder=display_path(runs.audited("")),
        made=now(),
        command=" ".join(command),
    )
    write_text(runs.audited("audit.html"), page)
