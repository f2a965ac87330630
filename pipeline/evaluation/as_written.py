"""What a metric sees of an answer: the values as they will stand in the answer file.

How values are written is known a floor above (leaderboard.written_values), so the function that
knows it is handed in by the caller.
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
