"""compare: members, formulations, ensembles of any experiments on the same folds, side by side.

For each question that two of them answer: a score a fold, the paired difference with its interval
over people, and where they disagree.
"""

from pipeline.evaluation.comparison import compare_experiments
from pipeline.evaluation.shared_targets import gather_candidates
from pipeline.experiment.work import Work


def check(work: Work) -> None:
    """Raises ValueError for a name that is nothing trained, or for other folds or people."""
    gather_candidates(work)


def run(work: Work) -> None:
    compare_experiments(work)
