"""Experiments or members side by side: scores a fold, paired differences, disagreements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import pandas as pd

from pipeline.config import Experiment
from pipeline.evaluation.as_written import WriterOf
from pipeline.evaluation.candidate_predictions import CandidatePredictions, answers_of
from pipeline.evaluation.candidates import Candidate, held_out_images
from pipeline.evaluation.disagreements import describe_disagreements, disagreement_tables
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.evaluation.shared_targets import (
    choose_reference,
    gather_candidates,
    say_labels,
    shared_targets,
)
from pipeline.experiment.grouping import read_grouping, say_caveat
from pipeline.metrics.score_rows import (
    EACH_WITH_EACH,
    EvaluationSplit,
    EvaluationTarget,
    choose_pairs,
    compare_rows,
    metric_rows,
)
from pipeline.metrics.text_tables import describe_comparisons, describe_folds
from pipeline.storage import Runs, display_path, write_table

MANY = 4  # pairs from which chance findings are worth a word
SCORES = ("source", "task", "metric", "fold", "value", "low", "high", "num_images", "num_people")


@dataclass(frozen=True)
class Comparison:
    """What compare found: the tables that it prints and writes."""

    scores: pd.DataFrame  # a row a candidate, target and fold
    differences: pd.DataFrame  # a row a pair and target
    disagreements: pd.DataFrame  # a row an image that only one of a pair answers well
    by_attribute: list[pd.DataFrame]  # a table a pair and target


def compare_experiments(
    settings: Experiment,
    runs: Runs,
    names: Sequence[str],
    *,
    labels: str | None = None,
    names_config: bool = False,
    writer_of: WriterOf,
) -> None:
    """Prints the comparison of what the names stand for, and writes its four tables.

    `labels` is the experiment whose labels judge, `names_config` whether -c was typed. Answers are
    judged as `writer_of` their experiment writes them.
    """
    candidates = gather_candidates(settings, runs, names, names_config=names_config)
    with_views = all(candidate.can_show_views for candidate in candidates)
    judge = choose_reference(candidates, labels=labels)
    evaluation = EvaluationSet(
        judge.settings,
        judge.runs,
        held_out=set(held_out_images(judge)["image_id"]),
        per_answer=True,
    )
    answers = {
        one.name: answers_of(one, evaluation, with_views=with_views, writer_of=writer_of)
        for one in candidates
    }
    targets = shared_targets(evaluation, answers)
    for candidate in candidates:
        print(f"compare: {candidate.describe(with_views=with_views)}")
    caveat = read_grouping(judge.runs).caveat
    if caveat:
        print(f"compare: {say_caveat(caveat)}")
    if not with_views:
        print("compare: on the images as they are, for not all of them have run infer")
    say_labels(candidates, judge, targets)
    comparison = _compare(evaluation, targets, answers)
    _print(comparison, targets, split=evaluation.split)
    _write(runs, comparison, folder=_folder(candidates))


def _compare(
    evaluation: EvaluationSet,
    targets: Mapping[str, EvaluationTarget],
    answers: Mapping[str, Mapping[str, CandidatePredictions]],
) -> Comparison:
    """The candidates in pairs, on each target that both answer."""
    scores, differences, disagreements, by_attribute = [], [], [], []
    for name, target in targets.items():
        predictions = {who: found[name] for who, found in answers.items() if name in found}
        seen = {who: found.seen for who, found in predictions.items()}
        for who, answer in seen.items():
            scores += metric_rows(who, target, answer, split=evaluation.split)
        pairs = choose_pairs(list(seen))
        differences += compare_rows(target, seen, pairs, split=evaluation.split)
        for pair in pairs:
            images, counts = disagreement_tables(
                evaluation, name, pair=pair, predictions=predictions
            )
            disagreements.append(images)
            by_attribute.append(counts)
    return Comparison(
        scores=pd.DataFrame(scores)[list(SCORES)],
        differences=pd.DataFrame(differences),
        disagreements=pd.concat(disagreements),
        by_attribute=by_attribute,
    )


def _print(
    comparison: Comparison, targets: Mapping[str, EvaluationTarget], *, split: EvaluationSplit
) -> None:
    scores, differences = comparison.scores, comparison.differences
    for name, target in targets.items():
        of_task = scores[scores["task"] == name]
        print("\n".join(describe_folds(of_task, target, unit=split.unit, per=split.per)))
        rows = differences[differences["task"] == name].to_dict("records")
        if of_task["source"].nunique() > EACH_WITH_EACH:
            print(f"each with {rows[0]['first']} only; for another pair name those two")
        print("\n".join(describe_comparisons(rows)))
    print("\n".join(describe_disagreements(comparison.by_attribute)))
    if len(differences) > MANY:
        print(f"{len(differences)} comparisons: one in twenty looks distinguishable by chance")


def _write(runs: Runs, comparison: Comparison, *, folder: str) -> None:
    tables = {
        "scores": comparison.scores,
        "differences": comparison.differences,
        "disagreements": comparison.disagreements,
        "by-attribute": pd.concat(comparison.by_attribute),
    }
    for name, table in tables.items():
        write_table(runs.compared(folder, f"{name}.csv"), table)
    where = display_path(runs.compared(folder, "scores.csv").parent)
    print(f"compare: wrote {', '.join(f'{name}.csv' for name in tables)} to {where}")


def _folder(candidates: list[Candidate]) -> str:
    """The folder's name: the names side by side; a hash of them where that is too long."""
    name = "--".join(candidate.name.replace("/", ".") for candidate in candidates)
    return name if len(name) <= 120 else f"{name[:100]}-{sha256(name.encode()).hexdigest()[:8]}"
