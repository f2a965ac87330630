"""compare: members, formulations, ensembles of any experiments on the same folds, side by side.

For each task or answer that two of them predict: a score a fold, the paired difference with its
interval, and where they disagree.
"""

from pipeline.evaluation.comparison import compare_experiments
from pipeline.evaluation.shared_targets import gather_candidates
from pipeline.experiment.work import Work
from pipeline.leaderboard.written_values import written_by


def check(work: Work) -> None:
    """Raises ValueError for a name that is nothing trained, or for other folds or people."""
    gather_candidates(work.settings, work.runs, work.words, names_config=work.names_config)


def run(work: Work) -> None:
    """Prints the comparison and writes its tables."""
    compare_experiments(
        work.settings,
        work.runs,
        work.words,
        labels=work.options.get("labels"),
        names_config=work.names_config,
        writer_of=written_by,
    )
