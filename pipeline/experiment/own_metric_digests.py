"""Digests of the user's own metrics, apart from their code: a stage asks for them to see whether it
is done, and must not import pandas for that."""

from pathlib import Path

from pipeline.config import Experiment
from pipeline.labels.kinds import split_own_metric
from pipeline.storage.digests import file_sha256
from pipeline.storage.project import PROJECT


def own_metric_digests(settings: Experiment) -> dict[str, str]:
    """A digest of each own metric's file: scores by an older one are not up to date."""
    digests = {}
    for name, path in own_metric_files(settings).items():
        digests[name] = file_sha256(path)[:8] if path.is_file() else ""
    return digests


def own_metric_files(settings: Experiment) -> dict[str, Path]:
    """The file of each metric of the user's own, by the metric's name."""
    contest = settings.competition
    files = {}
    for name in (contest.answer.metric, *(task.metric for task in contest.tasks.values())):
        if name is None:
            continue
        own = split_own_metric(name)
        if own is not None:
            files[name] = PROJECT / own[0]
    return files
