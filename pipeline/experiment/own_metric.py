"""The user's own metric: found beside the config, bound to the contest's columns, run when needed.

Only a file that the settings name is run, and never one inside `runs/` or `submissions/`: those
folders are what people send each other.
"""

import importlib.util
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from pipeline.config import Competition
from pipeline.labels.answers import combine_names
from pipeline.labels.csv_reader import read_contest_table
from pipeline.labels.kinds import split_own_metric
from pipeline.labels.tasks import Task
from pipeline.metrics.metric import Metric
from pipeline.metrics.metrics import register_metric
from pipeline.metrics.own_metric import AnswerForm, make_metric
from pipeline.storage.project import PROJECT, below_project, display_path

SENT_FOLDERS = ("runs", "submissions")


def bind_own_metrics(contest: Competition, tasks: Sequence[Task]) -> None:
    """Makes `find_metric` know the metrics that are files. No file is read or run yet."""
    for task in tasks:
        if split_own_metric(task.metric) is not None:
            load = partial(_load_for_task, contest, task)
            register_metric(task.metric, load, settings=contest)
    answer = contest.answer
    if answer.metric is not None and split_own_metric(answer.metric) is not None:
        by_name = {task.name: task for task in tasks}
        parts = [by_name[name] for name in answer.tasks]
        load = partial(_load_for_answer, contest, answer.metric, parts)
        register_metric(answer.metric, load, settings=contest)


def _load_for_task(contest: Competition, task: Task) -> Metric:
    return load_metric(task.metric, task_form(contest, task))


def _load_for_answer(contest: Competition, name: str, parts: Sequence[Task]) -> Metric:
    return load_metric(name, answer_form(contest, parts))


def load_metric(name: str, form: AnswerForm) -> Metric:
    """Runs the metric's file. Raises ValueError, in a sentence, for all that can be wrong in it."""
    own = split_own_metric(name)
    assert own is not None, f"{name} is not a metric of the user's own"
    file, function = own
    path = Path(PROJECT / file).resolve()
    for folder in SENT_FOLDERS:
        if path.is_relative_to(PROJECT / folder):
            raise ValueError(
                f"metric {name}: code in {folder}/ is not run; put it beside the config"
            )
    if not path.is_file():
        raise ValueError(
            f"metric {name}: there is no file {display_path(path)}; a metric of your own lies "
            "beside the config that names it, or in the project's folder"
        )
    spec = importlib.util.spec_from_file_location(f"own_metric_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))  # it may import files that lie beside it
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # it is somebody's code: whatever it raises is said
        line = getattr(error, "lineno", None)
        place = f" line {line}" if line else ""
        said = f"{type(error).__name__}: {error}"
        raise ValueError(f"metric {name}: {display_path(path)}{place}: {said}") from error
    finally:
        sys.path.remove(str(path.parent))
    return make_metric(name, module, function, form=form)


def task_form(contest: Competition, task: Task) -> AnswerForm:
    """The form of a task's answers: the file's, or of a task that is no column of it, words."""
    answer, file = contest.answer, contest.submission
    if list(answer.tasks) == [task.name]:
        return answer_form(contest, [task])
    column = task.name
    if task.kind == "multilabel":
        return answer_form(contest, [task])
    if task.name in answer.tasks and not answer.is_product:
        column = file.columns.get(task.name, task.name)
        if file.value == "index":
            return AnswerForm(file.id, (column,))
    return AnswerForm(file.id, (column,), () if task.kind == "regression" else task.classes)


def answer_form(contest: Competition, parts: Sequence[Task]) -> AnswerForm:
    """The form of the contest's one answer, as the settings and its sample file say."""
    file = contest.submission
    kind, classes = parts[0].kind, parts[0].classes
    if len(parts) > 1:
        classes = tuple(combine_names([part.classes for part in parts]))
    sample = _read_sample(contest)
    columns = [column for column in sample.columns if column != file.id]
    column = file.column or (columns[0] if len(columns) == 1 else "answer")
    if kind == "regression":
        return AnswerForm(file.id, (column,))
    by_class = tuple(file.columns.get(word, word) for word in classes)
    if kind == "multiclass" and (file.value == "probability" or set(by_class) <= set(columns)):
        return AnswerForm(file.id, by_class, has_probs=True)
    if kind == "multilabel":  # a column a label, however the file holds them
        numbers = {each for name in by_class if name in sample.columns for each in sample[name]}
        has_probs = file.value == "probability" or any("." in each for each in numbers)
        return AnswerForm(file.id, by_class, has_probs=has_probs)
    values = set(sample[column]) if column in sample.columns else set()
    if file.value == "probability" or (file.value is None and any("." in each for each in values)):
        return AnswerForm(file.id, (column,), has_probs=True)
    is_label = file.value == "label"
    if file.value is None and values:
        is_label = values <= set(classes)
    return AnswerForm(file.id, (column,), classes if is_label else ())


def _read_sample(contest: Competition) -> pd.DataFrame:
    """The first rows of the sample file as text; an empty table where there is none."""
    file = contest.submission
    if file.sample is None or file.format == "lines":
        return pd.DataFrame()
    path = below_project(contest.root) / file.sample
    if not path.is_file():
        return pd.DataFrame()
    return read_contest_table(path, needs=()).head(1000)
