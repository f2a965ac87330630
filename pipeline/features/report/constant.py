"""The score beside the best answer that is the same for every image, in words. Pure."""

import math

from pipeline.metrics.baselines import BEST_CONSTANT
from pipeline.metrics.paired import show_number


def place_beside_constant(row: dict) -> str:
    """What a score that is not beyond one answer for all images is; `row` is of the scores table
    and has a gain."""
    if _is_same(row):
        return "no better than one answer for all images"
    if row["gain_high"] < 0:
        return "worse than one answer for all images"
    return "not clearly better than one answer for all images"


def say_against_constant(row: dict) -> str:
    """The score against the best answer that is the same for every image, in a sentence; "" where
    that one has no score."""
    if not math.isfinite(row["constant"]):
        return ""
    constant = show_number(row["constant"])
    if not math.isfinite(row["gain"]):
        return f"The {BEST_CONSTANT} scores {constant}."
    if _is_same(row):
        return f"It is the score of the {BEST_CONSTANT} ({constant})."
    gain = show_number(abs(row["gain"]))
    ends = f"95 % {show_number(row['gain_low'])} to {show_number(row['gain_high'])}"
    if row["gain_low"] > 0:
        return f"That is {gain} better than the {BEST_CONSTANT} ({constant}; {ends})."
    if row["gain_high"] < 0:
        return f"That is {gain} WORSE than the {BEST_CONSTANT} ({constant}; {ends})."
    direction = "better" if row["gain"] > 0 else "worse"
    return f"It can't be told from the {BEST_CONSTANT} ({constant}): {gain} {direction}, {ends}."


def _is_same(row: dict) -> bool:
    return row["gain"] == row["gain_low"] == row["gain_high"] == 0
