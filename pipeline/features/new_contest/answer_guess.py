"""What is written into the answer file: its columns, its ids, and what a value is."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from pipeline.features.new_contest.label_choice import LabelChoice
from pipeline.features.new_contest.table_columns import known_values
from pipeline.features.new_contest.task_guess import TaskGuess
from pipeline.features.new_contest.yaml_writer import Entry


@dataclass(frozen=True)
class AnswerGuess:
    """The sections `answer` and `submission`, and whether probabilities are written."""

    answer: list[Entry]
    submission: list[Entry]
    writes_probabilities: bool = False
    notes: tuple[str, ...] = field(default=())


def copy_other_columns(
    found: AnswerGuess,
    tasks: Sequence[TaskGuess],
    choice: LabelChoice,
    *,
    sample: pd.DataFrame,
    sample_name: str,
    id_column: str,
    labels: Sequence[str],
    reasons: Sequence[str],
) -> AnswerGuess:
    """The same answer, with the columns of a sample of the answer file that are no labels: they are
    written as they stand there.

    Raises ValueError for one of the `labels`, columns of the train table that can be learnt or
    could be: the sample holds placeholders. `reasons` say why a column is none of the tasks.
    """
    written = {id_column, *_written_columns(tasks, choice)}
    others = [str(column) for column in sample.columns if column not in written]
    spelt = {word.casefold() for word in labels} - {word.casefold() for word in written}
    asked = next((column for column in others if column.casefold() in spelt), None)
    if asked is not None:
        start = f"{asked} is left out: "
        said = [one for one in reasons if one.casefold().startswith(start.casefold())]
        why = said[0] if said else f"{start}it is no label"
        raise ValueError(
            f"new: {sample_name} asks for {asked}, and the train table's {asked} can't be learnt "
            f"as it stands there ({why[len(start) :]}); mend its values, or take the column out of "
            f"{sample_name} where no answer is wanted"
        )
    if not others or not written <= set(sample.columns):
        return found
    shown = ", ".join(others)
    what = "which is no label: written as it stands"
    if len(others) > 1:
        what = "which are no labels: written as they stand"
    note = f"{sample_name} also has {shown}, {what} there"
    entry = Entry("copied", others, "no column of the train table has them: written as they stand")
    return replace(found, submission=[*found.submission, entry], notes=(*found.notes, note))


def _written_columns(tasks: Sequence[TaskGuess], choice: LabelChoice) -> list[str]:
    """The columns of the answer file."""
    if choice.form == "classes":
        return list((choice.class_columns or {}).values())
    if choice.answer_column is not None:
        return [choice.answer_column]
    return [column for task in tasks for column in (task.columns or (task.column,))]


def _answer_labels(
    task: TaskGuess,
    choice: LabelChoice,
    answer: list[Entry],
    submission: list[Entry],
) -> AnswerGuess:
    """The answer of several labels: a column each, or their words in one column."""
    if task.columns:
        named = task.metric.value in ("log_loss", "brier", "macro_roc_auc")
        judged = named or task.metric.value == "macro_average_precision"
        if judged:
            submission.append(Entry("value", "probability", "the metric judges probabilities"))
        return AnswerGuess(answer, submission, judged)
    submission.append(Entry("column", choice.answer_column or task.column))
    if task.metric.value.startswith("map@"):
        return AnswerGuess(answer, submission)
    submission.append(Entry("value", "label", "the words of the labels, in one column"))
    if task.label.separator != " ":
        submission.append(Entry("separator", task.label.separator, "as in the train table"))
    return AnswerGuess(answer, submission)


def guess_answer(
    tasks: Sequence[TaskGuess],
    choice: LabelChoice,
    *,
    sample: pd.DataFrame | None,
    sample_name: str | None,
    sample_why: str,
    id_column: str,
    key: str = "",
) -> AnswerGuess:
    """How the tasks are answered. `sample_name` is the file whose ids are to be answered, `key` one
    that says which number is which class, in whose order they stand."""
    several = len(tasks) > 1
    answer = [Entry("tasks", [task.name for task in tasks], choice.why)]
    if several:
        answer.append(Entry("combine", "columns", "each task answers in a column of its own"))
    submission: list[Entry] = []
    if sample_name is not None:
        submission.append(Entry("sample", sample_name, sample_why))
    submission.append(Entry("id", id_column))
    notes: list[str] = []
    if several:
        named = {task.name: task.column for task in tasks if task.name != task.column}
        if named:
            submission.append(Entry("columns", named))
        value, why = _value_of_several(tasks, sample)
        if value:
            submission.append(Entry("value", value, why))
        return AnswerGuess(answer, submission, value == "probability")
    (task,) = tasks
    if task.label.kind == "multilabel":
        return _answer_labels(task, choice, answer, submission)
    if choice.form == "classes":
        columns = {
            word: name for word, name in (choice.class_columns or {}).items() if word != name
        }
        if columns:
            submission.append(Entry("columns", columns, "class: its column of the sample"))
        submission.append(Entry("value", "probability", "a column of the sample for each class"))
        return AnswerGuess(answer, submission, writes_probabilities=True)
    if choice.form == "one_hot":
        named = dict(zip(task.label.classes, task.columns, strict=True))
        columns = {word: name for word, name in named.items() if word != name}
        if columns:
            submission.append(Entry("columns", columns, "class: its column of the sample"))
        submission.append(Entry("value", "probability", "a column for each class"))
        return AnswerGuess(answer, submission, writes_probabilities=True)
    column = choice.answer_column or task.column
    submission.append(Entry("column", column))
    answers = None
    if sample is not None and column in sample.columns:
        answers = list(dict.fromkeys(known_values(sample[column])))
    value, why, doubt = _value_of_one(task, answers, key=key)
    submission.append(Entry("value", value, why))
    if doubt:
        notes.append(doubt)
    return AnswerGuess(answer, submission, value == "probability", tuple(notes))


def _value_of_several(tasks: Sequence[TaskGuess], sample: pd.DataFrame | None) -> tuple[str, str]:
    """The kind of value of several columns, '' where the program finds it in the sample file."""
    kinds = {task.label.kind for task in tasks}
    if sample is None:
        return ("number", "") if kinds == {"regression"} else ("label", "words as in the table")
    if kinds == {"binary"}:
        metrics = {task.metric.value for task in tasks}
        if "roc_auc" in metrics or "log_loss" in metrics:
            return "probability", "the metric judges probabilities"
    return "", ""


def _value_of_one(
    task: TaskGuess, answers: Sequence[str] | None, *, key: str
) -> tuple[str, str, str]:
    """The kind of value, why, and a sentence of doubt or ''."""
    label = task.label
    if label.kind == "regression":
        return "number", "", ""
    judged = task.metric.value in ("roc_auc", "log_loss", "brier", "average_precision")
    if label.kind == "binary" and judged:
        return "probability", "of the second class: the metric judges probabilities", ""
    if not answers:
        return "label", "the words of the train table", ""
    numbers = pd.to_numeric(pd.Series(answers), errors="coerce")
    if numbers.isna().any():
        return "label", "the sample holds words", ""
    fractions = bool((numbers % 1 != 0).any())
    if fractions and label.kind == "binary":
        return "probability", "of the second class: the sample holds fractions", ""
    classes = pd.to_numeric(pd.Series(list(label.classes)), errors="coerce")
    if classes.notna().all() and set(numbers) <= set(classes):
        return "label", "the sample holds the numbers of the train table", ""
    if key:
        return "index", f"the sample holds numbers, and {key} says which class each is", ""
    doubt = (
        f"the sample holds numbers and the labels are words: is {label.classes[0]} really 0? "
        "The order of tasks.*.classes says which number is which"
    )
    return "index", "the sample holds numbers, the place of a class in `classes`", doubt
