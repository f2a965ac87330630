"""Members and formulations beside each other on the same held-out images; called by evaluate."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.evaluation.as_written import Writer
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.experiment.blend import blend_spaces
from pipeline.experiment.cells import member_cells
from pipeline.metrics.bootstrap import person_interval
from pipeline.metrics.score_rows import (
    EACH_WITH_EACH,
    EvaluationTarget,
    choose_pairs,
    compare_rows,
    metric_rows,
)
from pipeline.metrics.text_tables import describe_comparisons, describe_members
from pipeline.storage import Runs, read_json

Answers = dict[str, np.ndarray]  # by member or formulation, (N,) what the metric looks at


def compare_formulations(
    settings: Experiment,
    evaluation: EvaluationSet,
    tables: Mapping[str, pd.DataFrame],
    *,
    write: Writer,
) -> tuple[list[dict], list[dict], list[str]]:
    """Score rows, comparison rows and sentences of the formulations that `compare:` names."""
    ids = evaluation.images["image_id"]
    scores: list[dict] = []
    compared: list[dict] = []
    blends = {
        name: blend_spaces(tables, image_ids=ids, part="oof", settings=settings, members=members)
        for name, members in settings.compare.items()
    }
    for space in evaluation.spaces:
        target = evaluation.of_space(space)
        answers = {}
        for name, blend in blends.items():
            joint = blend[space.name]
            answers[name] = write(space, joint, space.decide(joint))
        for name, answer in answers.items():
            scores += metric_rows(name, target, answer, split=evaluation.split, gains=True)
        pairs = choose_pairs(list(answers))
        compared += compare_rows(target, answers, pairs, split=evaluation.split)
    sentences = describe_comparisons(compared)
    with_whom = ""
    if len(blends) > EACH_WITH_EACH:
        with_whom = f", each with {next(iter(blends))}"
    if sentences:
        sentences = ["", f"formulations on the same folds{with_whom}:", *sentences]
    return scores, compared, sentences


def judge_students(
    settings: Experiment, target: EvaluationTarget, answers: Answers, *, evaluation: EvaluationSet
) -> tuple[list[dict], list[str]]:
    """Comparison rows and sentences: is a student better than each of its teachers?"""
    compared: list[dict] = []
    sentences: list[str] = []
    for name in answers:
        member = settings.members[name]
        teachers = [teacher for teacher in member.teachers if teacher in answers]
        if not teachers:
            continue
        pairs = [(teacher, name) for teacher in teachers]
        rows = compare_rows(target, answers, pairs, split=evaluation.split)
        better = all(row["low"] > 0 for row in rows)
        verdict = "it has earned its place" if better else "it has not earned a place yet"
        how = "taught by" if member.soup is None else "the averaged weights of"
        where = "is" if name in settings.answering else "is not"
        sentences += describe_comparisons(rows)
        sentences.append(
            f"{name}, {how} {', '.join(teachers)}: {verdict}; it {where} in ensemble.members"
        )
        compared += rows
    return compared, sentences


def compare_members(
    settings: Experiment,
    runs: Runs,
    target: EvaluationTarget,
    answers: Answers,
    *,
    evaluation: EvaluationSet,
) -> tuple[list[dict], list[str]]:
    """Comparison rows of members that predict the same, each with the best, and a table."""
    if len(answers) < 2:
        return [], []
    split = evaluation.split
    metric = target.metric
    values = {
        name: metric.compute(target.truth, answer, target.group) for name, answer in answers.items()
    }

    def goodness(name: str) -> float:
        return float(np.nan_to_num(metric.as_score(values[name]), nan=-1e9))  # unknown: the last

    order = sorted(values, key=goodness, reverse=True)
    best = order[0]
    compared = compare_rows(target, answers, [(name, best) for name in order[1:]], split=split)
    behind = {row["first"]: row for row in compared}
    rows = []
    for name in order:
        low, high = person_interval(
            metric,
            target.truth,
            answers[name],
            person_ids=split.person_ids,
            group=target.group,
            num_draws=split.num_draws,
        )
        row = behind.get(name, {})
        rows.append(
            {
                "member": name,
                "metric": target.metric_name,
                "value": values[name],
                "value_low": low,
                "value_high": high,
                "behind": row.get("difference", np.nan),
                "low": row.get("low", np.nan),
                "high": row.get("high", np.nan),
                **_cost(settings, runs, name),
            }
        )
    return compared, ["", f"members that predict {target.task}:", *describe_members(rows)]


def _cost(settings: Experiment, runs: Runs, name: str) -> dict:
    """What a member is and costs, from the marks of its cells; None for what is not known."""
    member = settings.members[name]
    cells = member_cells(settings, name)
    facts = [read_json(runs.done(cell)) for cell in cells if runs.done(cell).exists()]
    speeds = [fact["images_per_second"] for fact in facts if "images_per_second" in fact]
    sizes = [fact["num_parameters"] for fact in facts if "num_parameters" in fact]
    return {
        "backbone": member.backbone,
        "image_size": member.image_size,
        "num_parameters": sizes[0] if sizes else None,
        "images_per_second": float(np.median(speeds)) if speeds else None,
    }
