"""baseline: an honest score and a valid submission in minutes, before anything is trained.

A ridge on channel statistics of a frozen ImageNet backbone, its strength chosen on people that it
was not fitted on. It is an experiment of its own, NAME-baseline: report, compare and ledger take it
by that name.
"""

from dataclasses import replace

from pipeline.experiment.baseline import baseline_settings
from pipeline.experiment.work import Work
from pipeline.stages.registry import plan_stages, run_missing
from pipeline.storage import Runs, display_path


def baseline_work(work: Work) -> Work:
    """The experiment NAME-baseline of an experiment NAME."""
    settings = baseline_settings(work.settings)
    return replace(work, settings=settings, runs=Runs(settings))


def run(work: Work) -> None:
    """Crops, folds, features, heads, scores, and the submission."""
    baseline = baseline_work(work)
    run_missing(baseline, plan_stages(["infer"]))
    print(
        f"baseline: {display_path(baseline.runs.submission)}; what training adds to it: "
        f"./run.sh compare {work.settings.name} {baseline.settings.name}"
    )
