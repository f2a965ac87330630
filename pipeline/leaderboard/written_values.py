"""What the contest's metric sees of answers once they are written: rounded, clipped, decided."""

import numpy as np

from pipeline.config import Experiment
from pipeline.evaluation.as_written import Writer
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.leaderboard.sample_file import read_sample
from pipeline.leaderboard.submission import settle_rounding
from pipeline.leaderboard.wanted_formats import answer_formats
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.storage import Runs


def written_by(settings: Experiment, runs: Runs, evaluation: EvaluationSet) -> Writer:
    """The function from an experiment's answers to what the metric sees of its file.

    Where the contest's folder is gone, so that its sample can't be read, only the settings count.
    """
    sample = read_sample(settings, runs) if runs.root.is_dir() else None
    own = {space.name: space for space in evaluation.spaces}
    formats = {
        one.space.name: settle_rounding(one, truth=evaluation.of_space(one.space).truth)
        for one in answer_formats(settings, sample)
        if own.get(one.space.name) == one.space
    }

    def write(space: AnswerSpace, joint: np.ndarray, decided: np.ndarray) -> np.ndarray:
        return formats[space.name].as_written(joint, decided)

    return write


def describe_writing(settings: Experiment, runs: Runs, evaluation: EvaluationSet) -> list[str]:
    """A sentence for each answer whose file changes the model's values."""
    sample = read_sample(settings, runs) if runs.root.is_dir() else None
    sentences = []
    for one in answer_formats(settings, sample):
        settled = settle_rounding(one, truth=evaluation.of_space(one.space).truth)
        if settled.change:
            sentences.append(f"{one.space.name} is scored as the file holds it: {settled.change}")
    return sentences
