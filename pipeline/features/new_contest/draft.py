"""What is known of a contest before its config is written."""

from dataclasses import dataclass, field

from pipeline.features.new_contest.task_guess import TaskGuess
from pipeline.features.new_contest.yaml_writer import Entry


@dataclass(frozen=True)
class Draft:
    """The competition's part of a config, and what the recipe and the user should know.

    `contest` are the entries below `competition` but for the root. `understood` and `doubts` are
    sentences: what is sure enough, and what a user should look at.
    """

    layout: str
    contest: list[Entry]
    tasks: tuple[TaskGuess, ...]
    train_images: tuple[str, ...]  # paths below the root, to be looked at
    num_train: int
    num_test: int
    num_people: int | None = None
    writes_probabilities: bool = False
    has_boxes: bool = False
    understood: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def task_entries(tasks: tuple[TaskGuess, ...]) -> list[Entry]:
    """The section `tasks` of a config."""
    return [Entry(task.name, _one_task(task)) for task in tasks]


def _one_task(task: TaskGuess) -> list[Entry]:
    label = task.label
    entries = [Entry("kind", label.kind, label.why)]
    if task.columns:
        what = "one a label" if label.kind == "multilabel" else "one a class"
        entries.append(Entry("columns", list(task.columns), what))
    elif task.column and task.column != task.name:
        entries.append(Entry("column", task.column))
    if label.classes and not (task.columns and label.kind == "multilabel"):
        entries.append(Entry("classes", list(label.classes)))
    if label.separator:
        entries.append(Entry("separator", label.separator, "stands between the words of a cell"))
    if label.nothing:
        entries.append(Entry("nothing", label.nothing, "the word for none of them"))
    if label.kind == "regression":
        if label.low is not None:
            entries.append(Entry("low", label.low, "no answer is lower"))
        if label.high is not None:
            entries.append(Entry("high", label.high, "no answer is higher"))
        entries.append(Entry("centre", label.centre, "median of the train labels"))
        entries.append(Entry("scale", label.scale, "and their spread"))
    if label.invalid:
        entries.append(Entry("invalid", "leave_out", "some labels can't be: index counts them"))
    entries.append(Entry("metric", task.metric.value, task.metric.why))
    return entries
