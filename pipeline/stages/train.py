"""train: every cell (member x fold x seed) that is not done yet, several at once."""

import time

from pipeline.experiment.cells import all_cells
from pipeline.experiment.predictions import unstamp_answers
from pipeline.experiment.settings_guard import record_run
from pipeline.experiment.tasks import check_metrics
from pipeline.experiment.work import Work
from pipeline.storage import display_path


def check(work: Work) -> None:
    """Raises ValueError, one sentence a line, for a backbone or recipe that can't be built, or for
    a sample file that asks for another file than would be written in the end."""
    from pipeline.leaderboard.submission import check_answering
    from pipeline.training.checks import check_training

    check_metrics(work.settings)
    check_answering(work.settings, work.runs)
    check_training(work.settings, work.runs)


def run(work: Work) -> None:
    """Trains the missing cells and writes the record of the run."""
    from pipeline.experiment.device import choose_device, describe_device
    from pipeline.experiment.teaching_images import read_teaching
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
    from pipeline.training.monitor import TrainingMonitor

    settings, runs = work.settings, work.runs
    cells = all_cells(settings)
    missing = [cell for cell in cells if not runs.done(cell).exists()]
    labelled = read_teaching(settings, runs)
    may_be_several = len(missing) > 1 and settings.parallel != 1 and settings.cluster is None
    if may_be_several and not is_short(settings, missing, labelled, device="cpu"):
        start_server(threads=settings.threads)  # it imports torch while this process does
    device, precision = choose_device(settings)
    described = describe_device(device, precision=precision)
    record_run(settings, runs, command=work.command, device=described)
    if len(missing) < len(cells):
        print(f"train: {len(cells) - len(missing)} of {len(cells)} cells are done already")
    begun = [cell.name for cell in missing if runs.checkpoint(cell).exists()]
    if begun:
        print(f"train: going on after the last finished epoch of {', '.join(begun)}")
    members = list(dict.fromkeys(cell.member for cell in missing))
    unstamp_answers(runs, members)
    needed = training_bytes(settings, runs, members, device=device.type, precision=precision)
    most = len(missing)
    if settings.parallel == "auto" and is_short(settings, missing, labelled, device=device.type):
        most = 1
    slots = find_slots(settings, most=most, job_bytes=needed)
    if len(slots) > 1 and settings.cluster is None:
        print(f"train: {len(slots)} cells at once ({describe_slots(slots)})")
    started = time.monotonic()
    monitor = TrainingMonitor(
        runs,
        settings,
        make_clocks(settings, runs, missing, labelled, precision=precision),
        {cell: sum(epoch_images(settings, cell, labelled)) for cell in missing},
        slots=len(slots),
        share_device=len({slot.device for slot in slots}) < len(slots),
    )
    with monitor:
        run_jobs(
            work,
            [cell_job(settings, runs, cell) for cell in missing],
            slots=slots,
            bar=monitor.bar,
            watch=monitor.look,
            after=monitor.report_cell,
        )
    where = display_path(runs.experiment)
    print(f"train: {len(cells)} cells done; weights and OOF tables in {where}")
    for sentence in describe_looks(settings.members):
        print(f"train: {sentence}")
    jobs = [cell.name for cell in missing]
    compare_forecast(runs.forecast, "train", jobs, seconds=time.monotonic() - started)
