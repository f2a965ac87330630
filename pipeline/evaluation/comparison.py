"""Experiments or members side by side: scores a fold, paired differences, disagreements."""

from hashlib import sha256
from itertools import combinations

import pandas as pd

from pipeline.evaluation.candidate_predictions import answers_of
from pipeline.evaluation.candidates import Candidate, held_out
from pipeline.evaluation.disagreements import describe_disagreements, disagreement_tables
from pipeline.evaluation.evaluation_set import EvaluationSet
from pipeline.evaluation.shared_targets import (
    choose_reference,
    gather_candidates,
    say_labels,
    shared_targets,
)
from pipeline.experiment.work import Work
from pipeline.metrics.score_rows import compare_rows, metric_rows
from pipeline.metrics.text_tables import describe_comparisons, describe_folds
from pipeline.storage import display_path, write_table

MANY = 4  # pairs from which chance findings are worth a word
SCORES = ("source", "task", "metric", "fold", "value", "low", "high", "num_images", "num_people")


def compare_experiments(work: Work) -> None:
    candidates = gather_candidates(work)
    with_views = all(candidate.can_show_views for candidate in candidates)
    judge = choose_reference(work, candidates)
    evaluation = EvaluationSet(judge.work, held_out=set(held_out(judge)["image_id"]))
    answers = {c.name: answers_of(c, evaluation, with_views=with_views) for c in candidates}
    targets = shared_targets(evaluation, answers)
    for candidate in candidates:
        print(f"compare: {candidate.describe(with_views=with_views)}")
    if not with_views:
        print("compare: on the images as they are, for not all of them have run infer")
    say_labels(candidates, judge, targets)
    scores, compared, rows, groups = [], [], [], []
    for name, target in targets.items():
        given = {who: found[name] for who, found in answers.items() if name in found}
        seen = {who: found.seen for who, found in given.items()}
        for who, answer in seen.items():
            scores += metric_rows(who, target, answer, split=evaluation.split)
        pairs = list(combinations(seen, 2))
        compared += compare_rows(target, seen, pairs, split=evaluation.split)
        for pair in pairs:
            some, counts = disagreement_tables(evaluation, name, pair=pair, given=given)
            rows.append(some)
            groups.append(counts)
    frame = pd.DataFrame(scores)[list(SCORES)]
    for name, target in targets.items():
        print("\n".join(describe_folds(frame[frame["task"] == name], target)))
        print("\n".join(describe_comparisons([r for r in compared if r["task"] == name])))
    print("\n".join(describe_disagreements(groups)))
    if len(compared) > MANY:
        print(f"{len(compared)} comparisons: one in twenty looks distinguishable by chance alone")
    folder = _folder(candidates)
    tables = {"scores": frame, "differences": pd.DataFrame(compared)}
    tables |= {"disagreements": pd.concat(rows), "by-attribute": pd.concat(groups)}
    for name, table in tables.items():
        write_table(work.runs.compared(folder, f"{name}.csv"), table)
    where = display_path(work.runs.compared(folder, "scores.csv").parent)
    print(f"compare: wrote {', '.join(f'{name}.csv' for name in tables)} to {where}")


def _folder(candidates: list[Candidate]) -> str:
    """The folder's name: the names side by side; a hash of them where that is too long."""
    name = "--".join(candidate.name.replace("/", ".") for candidate in candidates)
    return name if len(name) <= 120 else f"{name[:100]}-{sha256(name.encode()).hexdigest()[:8]}"
