"""doctor: is everything here that the work needs? One line a finding, in words; it changes nothing.

`ok` is as it should be, `note` may surprise, `FAIL` will stop the work: then the exit code is 2.
"""

from collections.abc import Callable, Iterator
from functools import partial

from pipeline.config import Experiment
from pipeline.experiment.data_summary import say_parts
from pipeline.experiment.grouping import names_caveat
from pipeline.experiment.work import Work
from pipeline.features.doctor.dry_run import Finding, look_at_batch, look_at_weights
from pipeline.features.doctor.machine import check_device, check_disk, check_packages, check_python
from pipeline.stages import STAGES, plan_stages
from pipeline.storage import Runs, display_path


def run(work: Work) -> None:
    """Raises ValueError, a sentence for each finding that will stop the work."""
    settings, runs = work.settings, work.runs
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "python": check_python,
        "packages": partial(check_packages, settings.members),
        "device": partial(check_device, settings),
        "disk": partial(check_disk, runs),
        "config": partial(_config, work),
        "data": partial(_data, settings, runs),
        "weights": partial(look_at_weights, settings, runs),
        "batch": partial(look_at_batch, settings, runs),
    }
    failed: list[str] = []
    for name, look in checks.items():
        if failed and name in ("weights", "batch"):
            print(f"note  {name:<9} not looked at before the rest is mended")
            continue
        try:
            findings = list(look())
        except (ValueError, OSError) as error:
            findings = [("FAIL", line) for line in str(error).splitlines()]
        for verdict, sentence in findings:
            print(f"{verdict:<5} {name:<9} {sentence}")
            if verdict == "FAIL":
                failed.append(f"{name}: {sentence}")
    if failed:
        raise ValueError("\n".join(failed))
    print("doctor: nothing stands in the way")


def _config(work: Work) -> Iterator[Finding]:
    from pipeline.experiment.cells import all_cells
    from pipeline.stages.registry import is_done

    settings = work.settings
    number = len(all_cells(settings))
    yield "ok", f"{settings.name}: {len(settings.members)} members, {number} cells"
    for name in plan_stages(["infer"]):
        stage = STAGES[name]
        if not is_done(work, name) and hasattr(stage.module, "check"):
            try:
                stage.module.check(work)
            except ValueError as error:
                yield from (("FAIL", line) for line in str(error).splitlines())


def _data(settings: Experiment, runs: Runs) -> Iterator[Finding]:
    from pipeline.experiment.tasks import contest_tasks
    from pipeline.preprocessing.read_contest import read_contest
    from pipeline.preprocessing.unseen_images import check_test_images
    from pipeline.tables import OK

    contest, root = settings.competition, runs.root
    if contest.drawn is not None and not root.is_dir():
        yield "note", f"{display_path(root)} will be drawn"
        return
    tasks = contest_tasks(settings)
    found = read_contest(contest, tasks, root=root, fixes=runs.fixes)
    frame = found.images
    usable = (frame["part"] == "train") & (frame["status"] == OK)
    yield ("ok" if usable.any() else "FAIL"), f"{root}: {say_parts(frame)}"
    for note in found.notes:
        yield "note", note
    said = check_test_images(frame, root=root, most=contest.missing_test)
    if said:
        yield "note", said
    folds = settings.folds
    caveat = names_caveat(frame[usable], lookalikes=folds.lookalikes, by=folds.by)
    if usable.any() and caveat:
        yield "note", caveat
