"""The verdict that a page begins with: the score, its worth, the weakest group, what next."""

import math
from dataclasses import dataclass

import pandas as pd

from pipeline.console.installation import COMMAND
from pipeline.evaluation.lockbox_scores import FEW
from pipeline.experiment.lockbox import read_lockbox_scores
from pipeline.features.report.constant import place_beside_constant, say_against_constant
from pipeline.features.report.context import ReportContext, TargetResult
from pipeline.features.report.groups import group_columns, is_large, rates_by_column
from pipeline.features.report.next_steps import find_next_steps
from pipeline.features.report.overview import (
    say_time,
    stack_parts,
    submission_parts,
    trained_cells,
)
from pipeline.features.report.page import render
from pipeline.figures.chart import say_count
from pipeline.metrics.paired import Difference, show_number
from pipeline.storage import display_path

MOST_STEPS = 5


@dataclass(frozen=True)
class ScoreCard:
    """The score of one answer in large type, and sentences that say what it is worth."""

    name: str
    value: str
    ends: str
    is_poor: bool  # not beyond one answer for all images, or behind the baseline
    verdict: str  # in one sentence; "" where there is nothing to judge it by
    sentences: list[str]


def describe_verdict(context: ReportContext) -> str:
    """The first part of the page, as markup."""
    settings = context.settings
    facts = trained_cells(settings, context.runs)
    seconds = sum(fact.get("seconds", 0.0) for fact in facts.values())
    details = [
        f"{context.counted} held out",
        f"{say_count(len(settings.members), 'members')}, {say_count(len(facts), 'trained cells')}",
    ]
    if seconds:
        details.append(f"{say_time(seconds)} of training, all cells one after the other")
    return render(
        "verdict.html.j2",
        contest=settings.competition.name,
        held_out=context.grouping.held_out,
        caveat=context.grouping.caveat,
        cards=score_cards(context),
        weakest=weakest_sentences(context, context.answers[0]),
        steps=find_next_steps(context)[:MOST_STEPS],
        details=details,
    )


def score_cards(context: ReportContext) -> list[ScoreCard]:
    """A card for each answer: the score that was handed in, else the plain out-of-fold score."""
    handed_in = {part["answer"]: part for part in submission_parts(context.settings, context.runs)}
    stacked = {part["answer"]: part for part in stack_parts(context.settings, context.runs)}
    cards = []
    for judged in context.answers:
        plain = whole_row(context, "all members", judged.target.task)
        part = handed_in.get(judged.target.task)
        oof = part["oof"] if part else plain
        sentences = [_say_source(context, part)]
        if show_number(oof["value"]) != show_number(plain["value"]):
            sentences.append(f"Without TTA it is {show_number(plain['value'])}.")
        sentences.append(say_against_constant(plain))
        sentences.append(_say_baseline(context, judged.target.task))
        sentences += lockbox_sentences(read_lockbox_scores(context.runs), judged.target.task)
        if judged.target.task in stacked:
            sentences.append(_say_stack(stacked[judged.target.task]))
        gain = context.baseline.gains.get(judged.target.task)
        over_baseline = None if gain is None else gain.difference
        is_behind = over_baseline is not None and over_baseline.high < 0
        no_better = not plain["gain_low"] > 0 and math.isfinite(plain["gain"])
        better = "higher" if judged.metric.higher_is_better else "lower"
        cards.append(
            ScoreCard(
                name=(
                    f"{_name_answer(context, judged)}: {judged.target.metric_name} "
                    f"({better} is better)"
                ),
                value=show_number(oof["value"]),
                ends=f"95 % {show_number(oof['low'])} to {show_number(oof['high'])}",
                is_poor=no_better or is_behind,
                verdict=say_verdict_of(plain, over_baseline),
                sentences=[sentence for sentence in sentences if sentence],
            )
        )
    return cards


def whole_row(context: ReportContext, source: str, task: str) -> dict:
    """The row `all` of a source's own metric in the scores table."""
    rows = context.scores
    rows = rows[(rows["source"] == source) & (rows["task"] == task) & (rows["fold"] == "all")]
    return rows.iloc[0].to_dict()


def say_verdict_of(row: dict, over_baseline: Difference | None) -> str:
    """What the score is worth in one short sentence; "" where no constant answer has a score.

    `over_baseline` is None where the baseline was not run; above 0 training is better."""
    if not math.isfinite(row["gain"]):
        return ""
    if not row["gain_low"] > 0:
        said = place_beside_constant(row)
        return f"{said[0].upper()}{said[1:]}."
    if over_baseline is None or not math.isfinite(over_baseline.value):
        return "Better than any answer that is the same for every image."
    if over_baseline.low > 0:
        return "Better than the baseline."
    if over_baseline.high < 0:
        return "Worse than the baseline."
    return "It learns, but it is not clearly better than the baseline."


def _name_answer(context: ReportContext, judged: TargetResult) -> str:
    """The answer's name, of a combined one with its tasks: `answer (mask × gender × age)`."""
    spaces = {space.name: space for space in context.evaluation.spaces}
    space = spaces[judged.target.task]
    if not space.is_product:
        return judged.title
    return f"{judged.title} ({' × '.join(task.name for task in space.tasks)})"


def _say_source(context: ReportContext, part: dict | None) -> str:
    """Which answers the score is of."""
    if part is not None:
        settings = context.settings
        how = f"{settings.ensemble.method} of all members over the views {', '.join(settings.tta)}"
        return f"Out-of-fold score of the submission ({how})."
    source = "Out-of-fold score of all members, each image as it is."
    path = context.runs.submission
    if path.exists():
        again = f"{COMMAND} infer {context.as_typed} writes it again."
        return f"{source} {display_path(path)} is of other settings or another version: {again}"
    return f"{source} No submission is made yet."


def _say_baseline(context: ReportContext, answer: str) -> str:
    """What training adds to the baseline in a sentence; "" before the baseline was run."""
    if context.baseline.reason:
        return f"The baseline can't stand beside it: {context.baseline.reason}."
    gain = context.baseline.gains.get(answer)
    return "" if gain is None else gain.say()


def lockbox_sentences(scores: list[dict], task: str) -> list[str]:
    """The score on the lockbox, whose images no choice was made by; nothing where it is closed."""
    sentences = []
    for row in scores:
        if row["answer"] == task:
            found = row["lockbox"]
            ends = f"95 % {show_number(found['low'])} to {show_number(found['high'])}"
            if found["num_people"] < FEW:
                ends = f"{found['num_people']} people: too few for an interval"
            sentences.append(
                f"On the lockbox, which no fold holds, the {row['source']} scores "
                f"{show_number(found['value'])} ({ends}, {found['num_images']:,} images)."
            )
    return sentences


def _say_stack(part: dict) -> str:
    oof = part["oof"]
    if not part["kept"]:
        return "The stack found nothing that is better than the plain mean."
    kept = ", ".join(part["kept"])
    ends = f"95 % {show_number(oof['low'])} to {show_number(oof['high'])}"
    return f"The stack kept {kept}: {show_number(oof['value'])} ({ends})."


def weakest_sentences(context: ReportContext, judged: TargetResult) -> list[str]:
    """The group and the class that are answered worst, a sentence each."""
    sentences = []
    groups = group_columns(context.evaluation.images, context.evaluation.tasks)
    columns = rates_by_column(context, judged, groups)
    over_all = float(judged.errors.mean())
    worse = [
        (name, rate)
        for name in columns
        for rate in columns[name]
        if is_large(rate) and rate.value > over_all
    ]
    if worse:
        name, rate = max(worse, key=lambda found: found[1].value)
        sentences.append(
            f"Weakest group: {name} {rate.name}, {judged.error_name} "
            f"{judged.say_error(rate.value)} (n = {rate.num_images:,}), against "
            f"{judged.say_error(over_all)} over all images."
        )
    rows = context.scores
    rows = rows[(rows["source"] == "all members") & (rows["task"] == judged.target.task)]
    classes = rows[rows["metric"].str.startswith("f1:")]
    if len(classes) > 1:
        sentences.append(say_weakest_class(classes))
    return sentences


def say_weakest_class(classes: pd.DataFrame) -> str:
    """The class of the lowest F1 in a sentence; where several share it, the largest of them."""
    lowest = classes[classes["value"] == classes["value"].min()]
    worst = lowest.loc[lowest["num_images"].idxmax()]
    name, n = worst["metric"].removeprefix("f1:"), int(worst["num_images"])
    if len(lowest) == 1:
        return f"Weakest class: {name}, F1 {worst['value']:.3f} (n = {n:,})."
    return (
        f"Weakest classes: {len(lowest)} of {len(classes)} have F1 {worst['value']:.3f}, "
        f"such as {name} (n = {n:,})."
    )
