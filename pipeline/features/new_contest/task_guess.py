"""From label columns to tasks with a kind, a range and a metric."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.features.new_contest.guess import Guess
from pipeline.features.new_contest.label_choice import CLASS_PREFIX, LabelChoice
from pipeline.features.new_contest.label_kinds import (
    AGE_NAME,
    GRADE_NAME,
    LabelKind,
    check_label,
    guess_kind,
    sort_classes,
)
from pipeline.features.new_contest.metric_hints import metric_in_text, metric_of_texts
from pipeline.features.new_contest.table_columns import known_values

LEAST_LABELS = 3  # columns of 0 and 1 that are several labels of one task rather than tasks
UNEVEN = 0.5  # the rarest class has less than this share of an even one: accuracy hides it


@dataclass(frozen=True)
class TaskGuess:
    """A task of the config: its name, the column or the columns of its label, kind and metric."""

    name: str
    column: str
    label: LabelKind
    metric: Guess[str]
    columns: tuple[str, ...] = ()  # one a class


def guess_tasks(
    train: pd.DataFrame,
    choice: LabelChoice,
    *,
    train_name: str,
    sample: pd.DataFrame | None,
    sample_name: str,
    texts: Mapping[str, str],
    rows_of_file: float,
) -> tuple[list[TaskGuess], list[str]]:
    """The tasks of the chosen labels, and a sentence for each column that can be none.

    Raises ValueError for a column whose values must be mended first.
    """
    if choice.form == "one_hot":
        words = tuple(CLASS_PREFIX.sub("", column) for column in choice.columns)
        classes = words if len(set(words)) == len(words) else choice.columns
        label = LabelKind("multiclass", choice.why, classes)
        metric = guess_metric(
            "label", label, texts=texts, sample_name=sample_name, answers=None, by_class=True
        )
        return [TaskGuess("label", "", label, metric, choice.columns)], list(choice.notes)
    tasks: list[TaskGuess] = []
    notes = list(choice.notes)
    for column in choice.columns:
        label = guess_kind(column, train[column], rows_of_file=rows_of_file)
        check_label(label, place=f"{train_name}, column {column}")
        if label.read:
            notes.append(f"{column}: {label.read}")
        if not label.kind:
            notes.append(f"{column} is left out: {label.why}")
            continue
        if choice.form == "classes":
            label = _as_classes(label, choice)
        answers = _sample_values(sample, choice.answer_column or column)
        label = _as_sample_wants(label, train[column], answers)
        metric = guess_metric(
            column,
            label,
            texts=texts,
            sample_name=sample_name,
            answers=answers,
            by_class=choice.form == "classes",
        )
        if metric.value == "rmsle" and label.low is None:
            metric = Guess("rmse", "rmsle is for numbers from 0 on")
        tasks.append(TaskGuess(task_name(column, tasks), column, label, metric))
    several = _as_one_task(tasks, sample=sample, sample_name=sample_name, texts=texts)
    return ([several] if several is not None else tasks), notes


def _as_one_task(
    tasks: Sequence[TaskGuess],
    *,
    sample: pd.DataFrame | None,
    sample_name: str,
    texts: Mapping[str, str],
) -> TaskGuess | None:
    """Columns of 0 and 1 as one task of several labels; None where the sample does not ask for each
    of them, or neither the metric nor the sample speaks of several labels at once."""
    columns = tuple(task.column for task in tasks)
    if len(tasks) < LEAST_LABELS or sample is None or not set(columns) <= set(sample.columns):
        return None
    if any(set(task.label.classes) not in ({"0", "1"}, {"-1", "1"}) for task in tasks):
        return None
    values = [value for column in columns for value in known_values(sample[column])]
    numbers = pd.to_numeric(pd.Series(values), errors="coerce")
    if numbers.isna().any() or (numbers < 0).any():
        return None  # -1 and 1 are written by a task each
    why = f"{len(columns)} columns of 0 and 1, which the sample asks for together"
    label = LabelKind("multilabel", why, columns)
    metric = metric_of_texts(dict(texts), kind="multilabel")
    if metric is None:
        named = metric_in_text(re.sub(r"[_.-]", " ", sample_name), kind="multilabel")
        metric = (
            None
            if named is None
            else Guess(named, f"the name of {sample_name} says so", is_sure=False)
        )
    if metric is not None and metric.value == "samples_f1" and (numbers % 1 == 0).all():
        metric = Guess("macro_f1", metric.why)
    if metric is None and (numbers % 1 != 0).any():
        why = "a guess: no description says how the contest is scored; the mean over the columns"
        metric = Guess("macro_roc_auc", why, is_sure=False)
    if metric is None:
        return None
    return TaskGuess("labels", "", label, metric, columns)


def task_name(column: str, tasks: Sequence[TaskGuess] = ()) -> str:
    """A column's name as a task can have it; `answer` is a word of the program's own."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", column).strip("_") or "label"
    if name == "answer" or not name[0].isalnum():
        name = "label"
    taken = {task.name for task in tasks}
    number = 2
    plain = name
    while name in taken:
        name = f"{plain}{number}"
        number += 1
    return name


def guess_metric(
    column: str,
    label: LabelKind,
    *,
    texts: Mapping[str, str],
    sample_name: str,
    answers: Sequence[str] | None,
    by_class: bool,
) -> Guess[str]:
    """How a task is scored: by the description, the sample's name and values, or the kind."""
    described = metric_of_texts(dict(texts), kind=label.kind)
    if described is not None:
        return described
    named = metric_in_text(re.sub(r"[_.-]", " ", sample_name), kind=label.kind)
    if named is not None:
        return Guess(named, f"a guess: the name of {sample_name} says so", is_sure=False)
    unsaid = "a guess: no description says how the contest is scored"
    if label.kind == "regression":
        if AGE_NAME.fullmatch(column.casefold()):
            return Guess("mae", f"{unsaid}, and ages mostly are so", is_sure=False)
        return Guess("rmse", unsaid, is_sure=False)
    if by_class:
        return Guess(
            "log_loss", f"{unsaid}; the answer is a probability for each class", is_sure=False
        )
    if label.kind == "multilabel":
        why = f"{unsaid}; the answer is the words of an image"
        return Guess("samples_f1", why, is_sure=False)
    if label.kind == "binary":
        if answers and _are_fractions(answers):
            return Guess("roc_auc", f"{unsaid}; the answer is a probability", is_sure=False)
        return Guess("accuracy", unsaid, is_sure=False)
    if GRADE_NAME.fullmatch(column.casefold()):
        return Guess("quadratic_kappa", f"{unsaid}, and grades mostly are so", is_sure=False)
    if label.balance < UNEVEN:
        return Guess(
            "macro_f1", f"{unsaid}; accuracy would hardly see the rarer classes", is_sure=False
        )
    return Guess("accuracy", unsaid, is_sure=False)


def _as_classes(label: LabelKind, choice: LabelChoice) -> LabelKind:
    """A label whose answer has a column a class, in the order of these columns."""
    assert choice.class_columns is not None
    classes = tuple(choice.class_columns)
    if label.kind == "multiclass" and set(label.classes) == set(classes):
        classes = label.classes
    why = f"a column of the sample for each of {len(classes)} classes"
    return LabelKind("multiclass", why, tuple(sort_classes(classes)), balance=label.balance)


def _as_sample_wants(
    label: LabelKind, values: pd.Series, answers: Sequence[str] | None
) -> LabelKind:
    """Whole numbers taken as classes are measured where the sample answers with fractions."""
    if label.kind != "multiclass" or not answers or not _are_numbers(answers):
        return label
    numbers = pd.to_numeric(known_values(values), errors="coerce")
    if numbers.isna().any() or not _are_fractions(answers):
        return label
    low, high = float(numbers.min()), float(numbers.max())
    return LabelKind(
        "regression",
        f"whole numbers from {low:g} to {high:g}, and the sample answers with fractions",
        low=low,
        high=high,
        centre=float(f"{numbers.median():.3g}"),
        scale=float(f"{numbers.std():.3g}") or 1.0,
    )


def _sample_values(sample: pd.DataFrame | None, column: str) -> list[str] | None:
    if sample is None or column not in sample.columns:
        return None
    return list(dict.fromkeys(known_values(sample[column])))


def _are_numbers(values: Sequence[str]) -> bool:
    return bool(pd.to_numeric(pd.Series(values), errors="coerce").notna().all())


def _are_fractions(values: Sequence[str]) -> bool:
    """Whether some of the values are numbers that are not whole."""
    numbers = pd.to_numeric(pd.Series(values), errors="coerce")
    return bool(numbers.notna().all() and (numbers % 1 != 0).any())
