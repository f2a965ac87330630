"""What leaderboard scores say of OOF: their agreement, the next score, and two finals to choose."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.experiment.metric_direction import is_higher_better
from pipeline.leaderboard.submissions import align, read_answers
from pipeline.metrics.leaderboard_fit import (
    LEAST,
    fit_line,
    propose_two,
    rank_agreement,
    shrunken_estimates,
)
from pipeline.metrics.paired import show_number
from pipeline.metrics.submission_diff import distance
from pipeline.storage import Runs

_REACH = 1.959964  # from a standard error to half a 95 % interval


def describe_finals(
    settings: Experiment, runs: Runs, rows: pd.DataFrame, *, metric_name: str
) -> list[str]:
    """Sentences about the submissions of one contest that are judged by one metric."""
    oof, score = _numbers(rows["oof"]), _numbers(rows["score"])
    known = ~np.isnan(score)
    if known.sum() < LEAST:
        needed = LEAST - int(known.sum())
        return [
            f"{known.sum()} of {len(rows)} have a leaderboard score; {needed} more, and OOF is "
            "fitted to the leaderboard: ledger NAME score=0.78"
        ]
    better = is_higher_better(metric_name)
    if better is None:
        return [f"{metric_name} is not here to say whether higher is better"]
    sign = 1 if better else -1
    return [
        *_say_ranks(oof[known], score[known]),
        *_say_line(rows, oof, score),
        *_say_finals(settings, runs, rows, _noise(rows), sign=sign),
    ]


def _say_ranks(oof: np.ndarray, score: np.ndarray) -> list[str]:
    agreement = rank_agreement(oof.tolist(), score.tolist())
    if agreement is None:
        return [f"rank agreement of {len(oof)}: unknown, all of one kind of score are equal"]
    rho, tau = agreement
    return [
        f"rank agreement of OOF and leaderboard (n = {len(oof)}): Spearman {rho:.2f}, "
        f"Kendall {tau:.2f}" + ("; OOF points the wrong way here" if tau < 0 else "")
    ]


def _say_line(rows: pd.DataFrame, oof: np.ndarray, score: np.ndarray) -> list[str]:
    known = ~np.isnan(score)
    line = fit_line(oof[known], score[known])
    if line is None:
        return ["no line from OOF to leaderboard: the OOF scores of all are equal"]
    gap = show_number(float((score - oof)[known].mean()))
    sentences = [
        f"leaderboard = {line.intercept:.4f} + {line.slope:.3f} x OOF (n = {line.num}, residual "
        f"sd {show_number(line.spread)}); on average it is {gap} from OOF"
    ]
    for place in np.flatnonzero(~known):
        row = rows.iloc[place]
        value, low, high = line.predict(oof[place])
        sentences.append(
            f"{row['name']} ({row['sha256'][:8]}) would score {show_number(value)}, "
            f"95 % from {show_number(low)} to {show_number(high)} (prediction, n = {line.num})"
        )
    if known.all():
        value, low, high = line.predict(oof[-1])
        sentences.append(
            f"the next one with the OOF of {rows.iloc[-1]['name']} would score "
            f"{show_number(value)}, 95 % from {show_number(low)} to {show_number(high)}"
        )
    return sentences


def _noise(rows: pd.DataFrame) -> np.ndarray:
    """The sampling variance (N,) of leaderboard scores: that of OOF, for as many test images."""
    error = (_numbers(rows["high"]) - _numbers(rows["low"])) / (2.0 * _REACH)
    shares = np.nan_to_num(_numbers(rows["share"]), nan=1.0)
    return error**2 * _numbers(rows["images"]) / (_numbers(rows["rows"]) * shares)


def _say_finals(
    settings: Experiment, runs: Runs, rows: pd.DataFrame, noise: np.ndarray, *, sign: int
) -> list[str]:
    """Sentences: the best estimate, and a second that is near it with other answers."""
    oof = _numbers(rows["oof"])
    score = _numbers(rows["score"])
    found = shrunken_estimates(oof, score, noise=noise)
    distances = _measure_distances(settings, runs, rows)
    error = float(np.sqrt(noise[int(np.argmax(sign * found.values))]))
    first, second = propose_two(found.values, distances.apart, sign=sign, within=error)
    trust = float(np.mean(found.trust[~np.isnan(score)]))
    chance = "no more than chance would" if trust == 0 else "more than chance alone would"
    names = [f"{row['name']} ({row['sha256'][:8]})" for _, row in rows.iterrows()]
    sentences = [
        "two to hand in as final, by estimates that lean on OOF (leaderboard scores spread about a "
        f"line of slope {found.slope:.2f} {chance}, so {trust:.0%} of their distance from it is "
        "kept):",
        f"  1. {names[first]}: the best estimate, {show_number(found.values[first])}",
    ]
    if second is None:
        return [*sentences, "  2. none: no other with other answers is near it"]
    return [
        *sentences,
        f"  2. {names[second]}: {show_number(found.values[second])}; of the better half, and "
        f"within a standard error ({show_number(error)}), its answers differ most from the "
        f"first's ({distances.say(first, second)})",
    ]


@dataclass(frozen=True)
class _Distances:
    """How far apart the answers of each two submissions are (N, N); 0 where that is not known."""

    apart: np.ndarray
    are_numbers: bool  # else classes, and a distance is a share of the rows

    def say(self, one: int, other: int) -> str:
        """The distance of two in words."""
        far = self.apart[one, other]
        if self.are_numbers:
            return f"by {show_number(far)} on average"
        return f"in {far:.2%} of the rows"


def _measure_distances(settings: Experiment, runs: Runs, rows: pd.DataFrame) -> _Distances:
    """The distances of the submissions of these ledger rows, of those whose copy is still there."""
    paths = [runs.submissions / name for name in rows["file"]]
    apart = np.zeros((len(paths), len(paths)))
    are_numbers = False
    kept = [place for place, path in enumerate(paths) if path.is_file()]
    for one, other in combinations(kept, 2):
        try:
            first = read_answers(settings, runs, paths[one])
            second = align(first, read_answers(settings, runs, paths[other]))
            answers = [(first.codes(name), second.codes(name)) for name in first.frame.columns]
        except ValueError:  # answers in another form, or to other images: no distance is known
            continue
        are_numbers |= any(values.dtype == np.float64 for values, _ in answers)
        by_column = [distance(ours, theirs) for ours, theirs in answers]
        apart[one, other] = apart[other, one] = float(np.mean(by_column))
    return _Distances(apart, are_numbers)


def _numbers(column: pd.Series) -> np.ndarray:
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)
