"""evaluate: how good each member and the combined answer are on images of the fold held out."""

import pandas as pd

from pipeline.evaluation.answer_rows import judge_answers
from pipeline.evaluation.baseline_gain import compare_with_baseline
from pipeline.evaluation.formulations import (
    Answers,
    compare_formulations,
    compare_members,
    judge_students,
)
from pipeline.evaluation.oof_scores import blend_score_rows, member_score_rows
from pipeline.experiment.fingerprints import evaluate_key
from pipeline.experiment.grouping import read_grouping, say_caveat
from pipeline.experiment.lockbox import record_judged
from pipeline.experiment.predictions import read_oof
from pipeline.experiment.work import Work
from pipeline.leaderboard.submission import say_blends
from pipeline.leaderboard.written_values import describe_writing, written_by
from pipeline.metrics.score_rows import CONSTANT
from pipeline.metrics.text_tables import describe_scores
from pipeline.storage import display_path, stamp, write_table
from pipeline.tables import SCORES, check_table


def run(work: Work) -> None:
    """Writes scores.csv and comparisons.csv from the OOF tables, and prints them."""
    settings = work.settings
    tables = {name: read_oof(settings, work.runs, name) for name in settings.members}
    judged = judge_answers(settings, work.runs, tables)
    evaluation, tables = judged.evaluation, judged.tables
    write = written_by(settings, work.runs, evaluation)
    rows: list[dict] = []
    seen: dict[str, Answers] = {}  # by task or answer
    for name in settings.members:
        found, answers = member_score_rows(settings, evaluation, name, tables, write=write)
        rows += found
        for target, answer in answers.items():
            seen.setdefault(target, {})[name] = answer
    scores, compared, said = compare_formulations(settings, evaluation, tables, write=write)
    rows += [*scores, *blend_score_rows(settings, evaluation, tables, write=write)]
    targets = {task.name: evaluation.of_task(task, task.metric) for task in evaluation.tasks}
    targets |= {space.name: evaluation.of_space(space) for space in evaluation.spaces}
    for name, answers in seen.items():
        found, lines = compare_members(
            settings, work.runs, targets[name], answers, evaluation=evaluation
        )
        taught, verdicts = judge_students(settings, targets[name], answers, evaluation=evaluation)
        compared += found + taught
        said += lines + verdicts
    frame = pd.DataFrame(rows, columns=[*SCORES.key, *SCORES.columns, *CONSTANT])
    write_table(work.runs.scores, check_table(frame, SCORES))
    if compared:
        write_table(work.runs.comparisons, pd.DataFrame(compared))
    record_judged(work.runs, settings)
    stamp(work.runs.scores, evaluate_key(settings))
    grouping = read_grouping(work.runs)
    caveats = [f"evaluate: {say_caveat(grouping.caveat)}"] if grouping.caveat else []
    table = describe_scores(
        frame,
        unit=grouping.unit,
        is_upper_bound=grouping.is_upper_bound,
        blends=say_blends(settings, work.runs),
        per=evaluation.split.per,
    )
    against = compare_with_baseline(settings, work.runs, evaluation, writer_of=written_by)
    written = describe_writing(settings, work.runs, evaluation)
    pooled = [f"evaluate: {note}" for note in [*judged.notes, *written]]
    print("\n".join([table, *pooled, *caveats, *said, *against.lines("evaluate")]))
    files = [work.runs.scores, *([work.runs.comparisons] if compared else [])]
    print(f"evaluate: wrote {' and '.join(map(display_path, files))}")
