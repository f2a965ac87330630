"""What a metric sees of an answer: the values as they will stand in the answer file.

How values are written is known a floor above (leaderboard), so the function that knows it is handed
in; without one the model's own outputs are judged.
"""

from collections.abc import Callable

import numpy as np

from pipeline.config import Experiment
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.storage import Runs

# of an answer, its probabilities or values (N, C) and its answers (N,), what its metric sees:
# (N,), or probabilities (N, C)
Writer = Callable[[AnswerSpace, np.ndarray, np.ndarray], np.ndarray]
# the writer of an experiment, of whose labels the evaluation set knows whether they are whole
WriterOf = Callable[[Experiment, Runs, EvaluationSet], Writer]


def outputs_alone(space: AnswerSpace, joint: np.ndarray, decided: np.ndarray) -> np.ndarray:
    """What the metric sees of the model's own outputs."""
    return space.seen(joint, decided)


def no_file(settings: Experiment, runs: Runs, evaluation: EvaluationSet) -> Writer:
    """The writer of an experiment that writes nothing."""
    return outputs_alone
