"""Digests of the user's own metrics, apart from their code: a stage asks for them to see whether it
is done, and must not import pandas for that."""

import hashlib

from pipeline.config import Experiment
from pipeline.labels.kinds import split_own_metric
from pipeline.storage.project import PROJECT


def own_metric_digests(settings: Experiment) -> dict[str, str]:
    """A digest of each own metric's file: scores by an older one are not up to date."""
    digests = {}
    contest = settings.competition
    names = [contest.answer.metric, *(task.metric for task in contest.tasks.values())]
    for name in dict.fromkeys(names):
        if name is None or split_own_metric(name) is None:
            continue
        path = PROJECT / split_own_metric(name)[0]
        digests[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:8] if path.is_file() else ""
    return digests
