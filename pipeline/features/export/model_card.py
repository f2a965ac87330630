"""The model card of a shared model: data, scores, group gaps, limits; from stored tables."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.metrics.paired import show_number
from pipeline.metrics.reliability import Rate, group_gap, group_rates
from pipeline.storage import Runs

if TYPE_CHECKING:
    from pipeline.features.report.context import ReportContext, TargetResult

LEAST_IMAGES, LEAST_PEOPLE = 20, 8  # for a group to be named
HEAD = """---
library_name: onnx
pipeline_tag: image-classification
license: other
tags: [face, onnx, {tags}]
title: {name}
sdk: gradio
app_file: app.py
---
"""


def write_card(settings: Experiment, runs: Runs, facts: dict) -> str:
    """The card as Markdown with the Hub's front matter."""
    from pipeline.features.report.context import gather_context

    context = gather_context(settings, runs)
    contest, images = settings.competition, context.evaluation.images
    tasks = ", ".join(contest.tasks)
    lines = [
        HEAD.format(tags=tasks, name=settings.name),
        f"# {settings.name}: {tasks} of a face",
        "",
        f"An ensemble of {', '.join(facts['members'])} ({facts['method']}; each trained on "
        f"{settings.folds.total} folds; views {', '.join(facts['views'])}).",
        *(f"Note: {note}." for note in facts["left_out"]),
        "",
        "## Use",
        "",
        "    pip install -r requirements.txt",
        "    python app.py            # a page at http://127.0.0.1:7860",
        "",
        "    import app, pathlib",
        "    app.predict(app.read(pathlib.Path('face.jpg')))",
        "",
        f"`ensemble.onnx` takes uint8 RGB face crops {_inputs(facts)}, cut as "
        "`config.json` says, and gives probabilities. `weights/` holds each network "
        "as safetensors.",
        "",
        "## Data",
        "",
        f"Contest `{contest.name}`, layout {contest.layout}: scored on "
        f"{context.counted}"
        + (", all of them drawn by a program." if contest.drawn is not None else "."),
        "The licence of these weights is that of this data: say it here before you publish.",
        "",
        "## Scores",
        "",
        f"Out of fold: {context.grouping.held_out}. Intervals are 95 %, over "
        f"{context.grouping.unit}.",
        *_caveat(context.grouping.caveat),
        "",
        *_scores(context.scores, unit=context.grouping.unit),
        *_with_views(settings, runs),
        "",
        "## Groups",
        "",
        *_groups(context),
        "",
        "## Limits",
        "",
        "- It guesses what people would say of an image. It is not evidence about a person, and "
        "not for decisions about one: access, work, credit, policing.",
        f"- It was trained on {len(images):,} images of one collection; on others it is worse. "
        "Faces that the detector does not find have no answer.",
        "- Gender and age are labels of the data, as coarse as they are there.",
        "",
    ]
    return "\n".join(lines)


def _inputs(facts: dict) -> str:
    return " and ".join(f"`{one['name']}` {one['shape']}" for one in facts["inputs"])


def _caveat(words: str) -> list[str]:
    """What is not known about the images' people, as a paragraph; nothing where all are named."""
    return ["", f"{words[0].upper()}{words[1:]}."] if words else []


def _with_views(settings: Experiment, runs: Runs) -> list[str]:
    from pipeline.features.report.overview import submission_scores

    said = submission_scores(settings, runs)
    return ["", "These are of each image as it is. " + "; ".join(said) + "."] if said else []


def _scores(scores: pd.DataFrame, *, unit: str) -> list[str]:
    whole = scores[(scores["fold"] == "all") & scores["low"].notna()]
    whole = whole[~whole["metric"].str.contains(":")]
    rows = [
        f"| {row['source']} | {row['task']} | {row['metric']} | {show_number(row['value'])} | "
        f"{show_number(row['low'])}..{show_number(row['high'])} | {row['num_images']:,} | "
        f"{row['num_people']:,} |"
        for _, row in whole.iterrows()
    ]
    head = [
        f"| who | task | metric | value | 95 % | images | {unit} |",
        "|---|---|---|---|---|---|---|",
    ]
    return [*head, *rows]


def _groups(context: "ReportContext") -> list[str]:
    from pipeline.features.report.groups import group_columns

    lines = []
    columns = group_columns(context.evaluation.images, context.evaluation.tasks)
    rows, gaps = [], []
    for judged in context.judged:
        for name in columns:
            values = columns[name].to_numpy()
            every = group_rates(
                judged.errors, values, person_ids=context.people, num_draws=context.num_draws
            )
            rates = [rate for rate in every if _is_large(rate)]
            if len(rates) < 2:
                continue
            rows += [
                f"| {judged.title} | {name} | {rate.name} | {judged.say_error(rate.value)} | "
                f"{_ends(judged, rate)} | {rate.num_images:,} | {rate.num_people:,} |"
                for rate in rates
            ]
            low = min(rates, key=lambda rate: rate.value)
            high = max(rates, key=lambda rate: rate.value)
            gap = group_gap(
                judged.errors,
                values,
                (low.name, high.name),
                person_ids=context.people,
                num_draws=context.num_draws,
            )
            gaps.append((judged, name, low, high, gap))
    if not rows:
        return ["The label table tells no two groups of enough people apart."]
    for judged in context.judged:
        own = [gap for gap in gaps if gap[0] is judged]
        if own:
            _, name, low, high, gap = max(own, key=lambda found: found[4].value)
            sure = "" if gap.is_distinguishable else "; not yet distinguishable from none"
            lines.append(
                f"- Largest gap of {judged.title} ({judged.error_name}): {name} {high.name} "
                f"{judged.say_error(high.value)}, {low.name} {judged.say_error(low.value)}; "
                f"difference {judged.say_error(gap.value)} (95 % {judged.say_error(gap.low)}.."
                f"{judged.say_error(gap.high)}{sure})."
            )
    head = [
        "",
        f"| task | by | group | error | 95 % | images | {context.grouping.unit} |",
        "|---|---|---|---|---|---|---|",
    ]
    return [*lines, *head, *rows]


def _is_large(rate: Rate) -> bool:
    return rate.num_images >= LEAST_IMAGES and rate.num_people >= LEAST_PEOPLE


def _ends(judged: "TargetResult", rate: Rate) -> str:
    if not np.isfinite(rate.low):
        return "–"
    return f"{judged.say_error(rate.low)}..{judged.say_error(rate.high)}"
