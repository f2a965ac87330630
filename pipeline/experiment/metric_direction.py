"""Which way a metric is better, without running a file: ledgers and reports name metrics of other
experiments, whose own files may be gone."""

import ast

from pipeline.labels.kinds import split_own_metric
from pipeline.metrics.metrics import find_metric
from pipeline.storage.project import PROJECT


def say_direction(name: str) -> str:
    """`higher`, `lower`, or `nobody knows what`, for `... is better`."""
    better = is_higher_better(name)
    if better is None:
        return "nobody knows what"
    return "higher" if better else "lower"


def is_higher_better(name: str) -> bool | None:
    """A metric's direction; the file of an own metric is only read.

    None where that file is gone or does not say it. Raises ValueError for an unknown metric.
    """
    own = split_own_metric(name)
    if own is None:
        return find_metric(name).higher_is_better
    path = PROJECT / own[0]
    if not path.is_file():
        return None
    try:
        lines = ast.parse(path.read_text(encoding="utf-8")).body
    except (SyntaxError, UnicodeDecodeError):  # the stage that runs it says what is wrong
        return None
    for line in lines:
        if not isinstance(line, ast.Assign) or not isinstance(line.value, ast.Constant):
            continue
        names = [target.id for target in line.targets if isinstance(target, ast.Name)]
        if "higher_is_better" in names and isinstance(line.value.value, bool):
            return line.value.value
    return None
