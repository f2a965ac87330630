"""infer: one pass over the images for all folds, seeds and views of a member.

Test images are seen by every fold; a train image only by the folds that did not see its person,
so that the views can be scored out of fold.
"""

import time
from pathlib import Path

from pipeline.console import Bar
from pipeline.experiment.cells import answering_cells
from pipeline.experiment.device import choose_device
from pipeline.experiment.fingerprints import is_inferred
from pipeline.experiment.images_table import read_labelled, read_test
from pipeline.experiment.work import Work
from pipeline.features.planning.forecast import compare_forecast
from pipeline.inference.choice import has_kept, is_stacked
from pipeline.inference.merge import gather, say_prior
from pipeline.inference.prediction_jobs import answer_jobs, answering_bytes, count_worth
from pipeline.jobs.resources import find_slots
from pipeline.jobs.run import check_launch, run_jobs
from pipeline.labels.answer_groups import is_grouped
from pipeline.storage import display_path

TEST = "test"  # the option that names other test images


def check(work: Work) -> None:
    """Raises ValueError where the cluster that is asked for can't be used, or the images of
    `test=` can't be answered."""
    if TEST in work.options:
        from pipeline.features.hidden_test.answer import check_hidden_test

        check_hidden_test(work.settings, work.runs, Path(work.options[TEST]))
        return
    check_launch(work.settings)


def run(work: Work) -> None:
    """Predicts the test images, or answers those of `test=`."""
    if TEST in work.options:
        _answer_others(work, Path(work.options[TEST]))
    else:
        _answer_own(work)


def _answer_others(work: Work, place: Path) -> None:
    """Answers other test images than the contest's own, with the cells that are trained."""
    from pipeline.features.hidden_test.answer import answer_hidden_test

    stack = None
    if is_stacked(work.settings, work.runs):
        from pipeline.features.stack.predictor import StackPredictor

        stack = StackPredictor(work.settings, work.runs)
    answers = answer_hidden_test(work, place, stack=stack)
    for note in answers.notes:
        print(f"infer: {note}")
    print(f"infer: {answers.num_answers} answers to {place}; wrote {display_path(answers.path)}")
    if answers.stacked is not None:
        how = "by the layers that stack kept"
        if not has_kept(work.settings, work.runs):
            how = "stack kept no layer, so by the plain mean again"
        print(f"infer: {how}: wrote {display_path(answers.stacked)}")


def _answer_own(work: Work) -> None:
    started = time.monotonic()
    settings, runs = work.settings, work.runs
    device, precision = choose_device(settings)
    labelled = read_labelled(runs)
    test = read_test(runs)
    unseen, seen = test[test["row"] < 0], test[test["row"] >= 0]
    todo = [name for name in settings.members if not is_inferred(settings, runs, name)]
    parts, jobs = {}, []
    for name in todo:
        parts[name] = answer_jobs(settings, runs, name, labelled=labelled, seen=seen)
        jobs += [*parts[name]["oof"], *parts[name]["test"]]
    needed = answering_bytes(settings, runs, todo, device=device.type, precision=precision)
    missing = [job for job in jobs if not job.makes[0].exists()]
    run_jobs(
        work,
        missing,
        slots=find_slots(settings, most=count_worth(settings, jobs), job_bytes=needed),
        bar=Bar(sum(job.size for job in missing), desc="infer: all members"),
    )
    for name in todo:
        gather(settings, runs, name, parts[name], labelled=labelled, unseen=unseen)
        print(
            f"infer: {name}: {len(test)} test images, {len(answering_cells(settings, name))} "
            f"cells, views {', '.join(settings.tta)}; wrote {display_path(runs.averages(name))}"
        )
    if len(unseen):
        print(f"infer: {say_prior(unseen['image_id'].tolist())}")
        if is_grouped(unseen):
            print("infer: where a group has images that can be read, it is answered from those")
    took = time.monotonic() - started
    compare_forecast(
        work.runs.forecast, "infer", [f"infer {n}" for n in todo], seconds=took, divisible=True
    )
