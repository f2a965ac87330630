"""ledger: every submission, OOF beside leaderboard, and what the one says of the other."""

import math

import pandas as pd

from pipeline.experiment.metric_direction import say_direction
from pipeline.experiment.work import Work
from pipeline.labels.kinds import split_own_metric
from pipeline.leaderboard.final_picks import describe_finals
from pipeline.leaderboard.ledger import ledger_open, read_ledger
from pipeline.leaderboard.ledger_table import ledger_table
from pipeline.leaderboard.submissions import find_submission
from pipeline.metrics.metrics import find_metric
from pipeline.metrics.paired import show_number
from pipeline.storage import display_path, now
from pipeline.storage.digests import file_sha256


def check(work: Work) -> None:
    """Raises ValueError for a submission or a score that cannot be recorded."""
    frame = read_ledger(work.runs)
    if work.words or work.options:
        _find(work, frame)


def run(work: Work) -> None:
    """Records a score where one is given, and prints all submissions."""
    if work.words:
        _record_score(work)
    frame = read_ledger(work.runs)
    if not len(frame):
        print(f"ledger: {display_path(work.runs.ledger)} is empty; ensemble and stack record in it")
        return
    for (contest, metric), rows in frame.groupby(["competition", "metric"], sort=False):
        print(f"\n{contest}, {metric} ({say_direction(metric)} is better):")
        print("\n".join(ledger_table(rows, work.runs)))
        print("\n".join(describe_finals(work.settings, work.runs, rows, metric_name=metric)))
    count = "1 submission" if len(frame) == 1 else f"{len(frame)} submissions"
    print(f"\nledger: {count} in {display_path(work.runs.ledger)}")


def _find(work: Work, frame: pd.DataFrame) -> tuple[int, float, str]:
    """The line in the ledger, the score and the share of the test part. Raises ValueError."""
    if len(work.words) != 1 or "score" not in work.options:
        options = [f"{key}={value}" for key, value in work.options.items()]
        typed = " ".join([*work.words, *options])
        raise ValueError(
            "ledger: one submission and its leaderboard score, as in ledger masks score=0.78; "
            f"found {typed!r}"
        )
    path = find_submission(work.runs, work.words[0])
    lines = frame.index[frame["sha256"] == file_sha256(path)]
    if not len(lines):
        versions = frame.loc[frame["name"] == path.stem, "file"]
        known = ", ".join(versions) or ", ".join(dict.fromkeys(frame["name"])) or "none"
        raise ValueError(
            f"ledger: {display_path(path)} as it is now is not recorded; it may have been "
            "changed by hand."
            f" Recorded: {known}"
        )
    line = lines[0]
    score = _score(work.options["score"], frame.loc[line, "metric"])
    return line, score, _share(work.options.get("share", ""))


def _score(word: str, metric: str) -> float:
    score = _number(word)
    if math.isnan(score):
        raise ValueError(f"ledger: score={word!r} is not a number; as in score=0.78")
    if split_own_metric(metric) is not None:  # it may be any number
        return score
    known = find_metric(metric)
    if not known.low <= score <= known.high:
        hint = f"; in per cent? score={score / 100:g}" if 1 < score <= 100 else ""
        raise ValueError(f"ledger: {metric} is never {score:g}{hint}")
    return score


def _share(word: str) -> str:
    share = _number(word) if word else 1.0
    if not 0 < share <= 1:
        raise ValueError(
            f"ledger: share={word!r} must be above 0 and at most 1: the part of the test images "
            "behind the public score, as in share=0.3"
        )
    return word


def _number(word: str) -> float:
    try:
        value = float(word)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _record_score(work: Work) -> None:
    with ledger_open(work.runs, command=work.command) as frame:
        line, score, share = _find(work, frame)
        before = frame.loc[line, "score"]
        frame.loc[line, ["score", "scored"]] = [repr(score), now()]
        if share:
            frame.loc[line, "share"] = share
        row = frame.loc[line]
    was = f" (was {before})" if before and float(before) != score else ""
    print(
        f"ledger: {row['name']} ({row['sha256'][:8]}) scored {score:g} on the leaderboard{was}; "
        f"its OOF {row['metric']} is {show_number(float(row['oof']))}"
    )
