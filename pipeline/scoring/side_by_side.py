"""Scores of several answers beside each other, a line a fold, as text. Pure."""

import pandas as pd

from pipeline.scoring.comparisons import show_number
from pipeline.scoring.rows import Question
from pipeline.scoring.sheet import lay_out


def describe_folds(rows: pd.DataFrame, question: Question) -> list[str]:
    """Score rows of one question by fold, a column a source, with the intervals of the whole."""
    names = list(dict.fromkeys(rows["source"]))
    better = "higher" if question.metric.higher_is_better else "lower"
    whole = rows[rows["fold"] == "all"].set_index("source")
    n, people = whole["num_images"].iloc[0], whole["num_people"].iloc[0]
    lines = [("fold", *names)]
    values = rows.pivot_table(index="fold", columns="source", values="value", sort=False)
    for fold in [f for f in values.index if f not in ("all", "mean", "sd")]:
        lines.append((fold, *(show_number(values.at[fold, name]) for name in names)))
    for fold in ("mean", "sd"):
        if fold in values.index:
            lines.append((fold, *(show_number(values.at[fold, name]) for name in names)))
    lines.append(("OOF", *(show_number(whole.at[name, "value"]) for name in names)))
    spans = (
        f"{show_number(whole.at[n, 'low'])}..{show_number(whole.at[n, 'high'])}" for n in names
    )
    lines.append(("95 %", *spans))
    title = f"{question.task}, {question.metric_name} ({better} is better), "
    return ["", f"{title}{n} pictures of {people} people:", *lay_out(lines, left=1)]
