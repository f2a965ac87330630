"""train: every cell (member x fold x seed) that is not done yet, several at once."""

import itertools
import time

from pipeline.console import say
from pipeline.experiment.cells import all_cells
from pipeline.experiment.tasks import check_metrics
from pipeline.experiment.work import Work
from pipeline.jobs.job import Outcome
from pipeline.storage import (
    Runs,
    display_path,
    provenance,
    read_json,
    unstamp,
    write_json,
    write_text,
)


def check(work: Work) -> None:
    """Raises ValueError, one sentence a line, for a backbone or recipe that can't be built, or for
    a sample file that asks for another file than would be written in the end."""
    from pipeline.leaderboard.submission import check_answering
    from pipeline.training.checks import check_training

    check_metrics(work.settings)
    check_answering(work.settings, work.runs)
    check_training(work.settings, work.runs)


def run(work: Work) -> None:
    from pipeline.experiment.device import choose_device, describe_device
    from pipeline.experiment.images_table import read_labelled
    from pipeline.features.planning.forecast import compare_forecast
    from pipeline.jobs.resources import describe_slots, find_slots
    from pipeline.jobs.run import run_jobs
    from pipeline.jobs.server import start_server
    from pipeline.training.cell_jobs import (
        cell_job,
        epoch_images,
        is_short,
        make_clocks,
        training_bytes,
    )
    from pipeline.training.checks import describe_looks
    from pipeline.training.monitor import TrainingMonitor, short_name

    settings = work.settings
    cells = all_cells(settings)
    missing = [cell for cell in cells if not work.runs.done(cell).exists()]
    labelled = read_labelled(work.runs)
    may_be_several = len(missing) > 1 and settings.parallel != 1 and settings.cluster is None
    if may_be_several and not is_short(settings, missing, labelled, device="cpu"):
        start_server(threads=settings.threads)  # it imports torch while this process does
    device, precision = choose_device(settings)
    _record(work, device=describe_device(device, precision=precision))
    if len(missing) < len(cells):
        print(f"train: {len(cells) - len(missing)} of {len(cells)} cells are done already")
    members = list(dict.fromkeys(cell.member for cell in missing))
    _unmark_answers(work.runs, members)
    needed = training_bytes(
        work.settings, work.runs, members, device=device.type, precision=precision
    )
    most = len(missing)
    if settings.parallel == "auto" and is_short(settings, missing, labelled, device=device.type):
        most = 1
    slots = find_slots(settings, most=most, job_bytes=needed)
    if len(slots) > 1 and work.settings.cluster is None:
        print(f"train: {len(slots)} cells at once ({describe_slots(slots)})")
    started, came = time.monotonic(), itertools.count(1)
    monitor = TrainingMonitor(
        work.runs,
        work.settings,
        make_clocks(work.settings, work.runs, missing, labelled),
        {cell: sum(epoch_images(work.settings, cell, labelled)) for cell in missing},
        slots=len(slots),
    )
    names = {
        cell.name: short_name(cell, num_seeds=len(work.settings.members[cell.member].seeds))
        for cell in missing
    }

    def report_cell(outcome: Outcome) -> None:
        monitor.look()
        facts, minutes = outcome.facts, (time.monotonic() - started) / 60.0
        metric = facts["decided_by"].rpartition(".")[2]
        say(
            f"train: {names[outcome.job]} done ({next(came)} of {len(missing)}): keeps epoch "
            f"{facts['best_epoch']} of {facts['num_epochs']}, {metric} "
            f"{facts['best_value']:.4f}, {minutes:.1f} min"
        )

    with monitor:
        run_jobs(
            work,
            [cell_job(work.settings, work.runs, cell) for cell in missing],
            slots=slots,
            bar=monitor.bar,
            watch=monitor.look,
            after=report_cell,
        )
    print(
        f"train: {len(cells)} cells done; weights and OOF tables in "
        f"{display_path(work.runs.experiment)}"
    )
    for sentence in describe_looks(work.settings.members):
        print(f"train: {sentence}")
    compare_forecast(
        work.runs.forecast,
        "train",
        [cell.name for cell in missing],
        seconds=time.monotonic() - started,
    )


def _unmark_answers(runs: Runs, members: list[str]) -> None:
    """What these members' cells answered is no longer what they will answer: a cell whose folder
    was removed may learn otherwise on another device."""
    answers = [runs.predictions(member, part) for member in members for part in ("oof", "test")]
    for path in (*answers, runs.scores, runs.submission, runs.stacked) if members else ():
        unstamp(path)


def _record(work: Work, *, device: str) -> None:
    """Writes what the run is made from, before the first batch; later commands are added to it."""
    from pipeline.config import write_settings

    write_text(work.runs.settings, write_settings(work.settings))
    tables = read_json(work.runs.tables) if work.runs.tables.exists() else None
    labels = {"fixes": work.runs.fixes_digest, "tables": tables}
    facts = provenance(work.command, device=device) | labels
    earlier = []
    if work.runs.provenance.exists():
        earlier = read_json(work.runs.provenance)["runs"]
    write_json(work.runs.provenance, {"runs": [*earlier, facts]})
