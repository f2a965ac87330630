"""Experiments or members side by side: scores a fold, paired differences, disagreements."""

from hashlib import sha256
from itertools import combinations

import pandas as pd

from pipeline.evaluation.candidate_answers import answers_of
from pipeline.evaluation.candidates import Contender, held_out
from pipeline.evaluation.disagreements import describe_disagreements, disagreement_tables
from pipeline.evaluation.held_out import Questions
from pipeline.evaluation.shared_questions import (
    choose_judge,
    gather_contenders,
    say_labels,
    shared_questions,
)
from pipeline.experiment.work import Work
from pipeline.metrics.score_rows import compare_rows, metric_rows
from pipeline.metrics.text_tables import describe_comparisons, describe_folds
from pipeline.storage import shown, write_table

MANY = 4  # pairs from which chance findings are worth a word
SCORES = ("source", "task", "metric", "fold", "value", "low", "high", "num_images", "num_people")


def compare_experiments(work: Work) -> None:
    contenders = gather_contenders(work)
    with_views = all(contender.can_show_views for contender in contenders)
    judge = choose_judge(work, contenders)
    asked = Questions(judge.work, held_out=set(held_out(judge)["image_id"]))
    answers = {c.name: answers_of(c, asked, with_views=with_views) for c in contenders}
    questions = shared_questions(asked, answers)
    for contender in contenders:
        print(f"compare: {contender.describe(with_views=with_views)}")
    if not with_views:
        print("compare: on the pictures as they are, for not all of them have run infer")
    say_labels(contenders, judge, questions)
    scores, compared, rows, groups = [], [], [], []
    for name, question in questions.items():
        given = {who: found[name] for who, found in answers.items() if name in found}
        seen = {who: found.seen for who, found in given.items()}
        for who, answer in seen.items():
            scores += metric_rows(who, question, answer, held=asked.held)
        pairs = list(combinations(seen, 2))
        compared += compare_rows(question, seen, pairs, held=asked.held)
        for pair in pairs:
            some, counts = disagreement_tables(asked, name, pair=pair, given=given)
            rows.append(some)
            groups.append(counts)
    frame = pd.DataFrame(scores)[list(SCORES)]
    for name, question in questions.items():
        print("\n".join(describe_folds(frame[frame["task"] == name], question)))
        print("\n".join(describe_comparisons([r for r in compared if r["task"] == name])))
    print("\n".join(describe_disagreements(groups)))
    if len(compared) > MANY:
        print(f"{len(compared)} comparisons: one in twenty looks distinguishable by chance alone")
    folder = _folder(contenders)
    tables = {"scores": frame, "differences": pd.DataFrame(compared)}
    tables |= {"disagreements": pd.concat(rows), "by-attribute": pd.concat(groups)}
    for name, table in tables.items():
        write_table(work.runs.compared(folder, f"{name}.csv"), table)
    where = shown(work.runs.compared(folder, "scores.csv").parent)
    print(f"compare: wrote {', '.join(f'{name}.csv' for name in tables)} to {where}")


def _folder(contenders: list[Contender]) -> str:
    """The folder's name: the names side by side; a hash of them where that is too long."""
    name = "--".join(contender.name.replace("/", ".") for contender in contenders)
    return name if len(name) <= 120 else f"{name[:100]}-{sha256(name.encode()).hexdigest()[:8]}"
