"""baseline: an honest score and a valid submission in minutes, before anything is trained.

A ridge on channel statistics of a frozen ImageNet backbone, its strength chosen on people that it
was not fitted on. It is an experiment of its own, NAME-baseline: compare and ledger take it by that
name, report and stack by -c NAME-baseline.
"""

from dataclasses import replace

from pipeline.console.installation import COMMAND
from pipeline.experiment.baseline import baseline_settings
from pipeline.experiment.work import Work
from pipeline.stages.registry import plan_stages, run_missing
from pipeline.storage import Runs, display_path


def run(work: Work) -> None:
    """Crops, folds, features, heads, scores, and the submission."""
    settings = baseline_settings(work.settings)
    baseline = replace(work, settings=settings, runs=Runs(settings))
    run_missing(baseline, plan_stages(["infer"]))
    print(f"baseline: {display_path(baseline.runs.submission)}; what training adds to it:")
    print(f"  {COMMAND} compare {settings.name} {work.settings.name}{settings.folders_typed}")
