"""What the data is: tasks, answer, layout and submission of one competition."""

from math import prod
from typing import Literal

from pydantic import Field, model_validator

from pipeline.config.layouts import AppaLayout, Drawn, FoldersLayout, LinesLayout, TableLayout
from pipeline.config.task import Task
from pipeline.config.types import Fraction, Settings, Text, Word, check_metric, check_name
from pipeline.labels.columns import OWN_COLUMNS
from pipeline.labels.kinds import GROUP_METRICS, LAYOUT_COLUMNS


class Answer(Settings):
    """How the tasks become the one answer of the contest."""

    tasks: tuple[str, ...] = Field(min_length=1)
    """For a product the first changes slowest."""
    metric: str | None = None
    """Of a product; one task's answer is scored by the task's metric."""
    combine: Literal["product", "columns"] = "product"
    """Columns: each task answers in its own."""

    @property
    def is_product(self) -> bool:
        """Whether several tasks are multiplied into one answer."""
        return len(self.tasks) > 1 and self.combine == "product"


class Submission(Settings):
    """The contest's own answer file."""

    # path below root: its ids, in its order, are what must be answered; its values are placeholders
    sample: str | None = None
    id: Text = "image_id"
    """The id column."""
    column: Text | None = None
    """The answer's column; the sample's only one, or `answer` of several answers: task -> its
    column, the task's own name else; of a probability a class: class -> its column, the class's own
    name else."""
    columns: dict[Text, Text] = Field({})
    # index: the class number; label: the class; probability: of class 1, or of each class in a
    # column of its own; number. When not given: as in the sample file, or else probability where
    # the metric looks at probabilities (roc_auc, log_loss) and index where it does not
    value: Literal["index", "label", "probability", "number"] | None = None
    format: Literal["csv", "lines"] = "csv"
    """Lines: bare answers in order, no ids, NAME.txt."""


class Competition(Settings):
    name: Word
    layout: Literal["pstage", "table", "lines", "folders", "utkface", "cacd", "afad", "appa"]
    root: str
    """The folder with the contest's files; a relative path starts at the project's folder."""
    table: TableLayout | None = None
    lines: LinesLayout | None = None
    appa: AppaLayout | None = None
    folders: FoldersLayout | None = None
    missing_test: Fraction = 0.0
    """Share of the test images that may be missing or unreadable; more stop at index or crop."""
    truth: bool = False
    """Labels of test images are the truth, and the answer is scored by them."""
    partly_labelled: Literal["learn", "leave_out"] = "learn"
    """A train image that lacks the label of one task teaches the others (learn), or nothing."""
    fixes: str | None = None
    """A CSV laid over the labels; below root, or else below the project."""
    drawn: Drawn | None = None
    tasks: dict[Word, Task] = Field(min_length=1)
    answer: Answer
    submission: Submission = Submission()

    @model_validator(mode="after")
    def _agree(self) -> "Competition":
        if (self.layout == "table") != (self.table is not None):
            raise ValueError("`table:` says where the tables lie; it goes with layout: table")
        if (self.layout == "lines") != (self.lines is not None):
            raise ValueError(
                "`lines:` says where images and labels lie; it goes with layout: lines"
            )
        if self.appa is not None and self.layout != "appa":
            raise ValueError("`appa:` says which images are read; it goes with layout: appa")
        if self.folders is not None and self.layout != "folders":
            raise ValueError("`folders:` says where the folders lie; it goes with layout: folders")
        if self.drawn is not None and self.layout != "pstage":
            raise ValueError("`drawn:` makes a contest in the pstage layout; it goes with that one")
        if "answer" in self.tasks:
            raise ValueError("a task cannot be called 'answer': that word is taken")
        self._check_columns()
        for name in self.answer.tasks:
            check_name(name, self.tasks, what="answer.tasks: task")
        kinds = {self.tasks[name].kind for name in self.answer.tasks}
        if self.answer.is_product and kinds != {"multiclass"}:
            raise ValueError(
                "answer.tasks: only tasks of kind multiclass can be multiplied; combine: columns "
                "answers unlike tasks side by side"
            )
        self._check_answer()
        if self.answer.metric is not None:
            kind = self.tasks[self.answer.tasks[0]].kind
            check_metric(self.answer.metric, kind=kind, what="answer.metric")
        return self

    @property
    def learnable(self) -> dict[str, Task]:
        """The tasks that a member can have: those of the contest, and their product as `answer`."""
        if not self.answer.is_product:
            return self.tasks
        parts = [self.tasks[name] for name in self.answer.tasks]
        number = prod(part.num_classes for part in parts)
        product = Task(kind="multiclass", classes=tuple(str(i) for i in range(number)))
        return {**self.tasks, "answer": product}

    @property
    def has_test(self) -> bool:
        """Whether this layout comes with images to be answered."""
        if self.table is not None:
            table = self.table
            return (table.test or table.test_images or table.split) is not None
        if self.layout == "folders":
            return (self.folders or FoldersLayout()).test is not None
        if self.lines is not None:
            return self.lines.test_images is not None
        return self.layout in ("pstage", "appa")

    @property
    def layout_options(self) -> dict[str, object]:
        """What the layout's reader is told, beside root and labels."""
        section = getattr(self, self.layout, None)
        if self.layout == "folders" and section is None:
            section = FoldersLayout()
        options = {} if section is None else section.model_dump()
        if self.table is not None:  # a test table may call its ids as the answer file does
            options["answer_id"] = self.submission.id
        return options

    def _check_answer(self) -> None:
        """Raises ValueError for an answer that its file or its metric can't hold."""
        answer, file = self.answer, self.submission
        if len(set(answer.tasks)) < len(answer.tasks):
            raise ValueError(f"answer.tasks: the same task twice in {list(answer.tasks)}")
        several = len(answer.tasks) > 1 and not answer.is_product
        if several and answer.metric is not None:
            raise ValueError("answer.metric: each column is scored by its own task's metric")
        if several and file.format == "lines":
            raise ValueError("submission.format: lines hold one answer each, not several columns")
        kinds = {self.tasks[name].kind for name in answer.tasks}
        by_class = not several and kinds == {"multiclass"} and file.value in (None, "probability")
        names_tasks = bool(set(file.columns) & set(answer.tasks))
        if file.columns and not several and (names_tasks or not by_class):
            raise ValueError(
                "submission.columns: only with combine: columns or a probability a class; else "
                "`column:`"
            )
        if several:
            for name in file.columns:
                check_name(name, dict.fromkeys(answer.tasks), what="submission.columns: task")
        named = [file.columns.get(name, name) for name in answer.tasks] if several else []
        if len({file.id, *named}) < len(named) + bool(named):
            raise ValueError(f"submission.columns: a column twice in {[file.id, *named]}")
        if file.value == "probability":
            if kinds == {"regression"} or (several and "binary" not in kinds):
                raise ValueError(
                    "submission.value: probability is for an answer of kind binary or multiclass, "
                    "and beside others for kind binary only"
                )
            if file.format == "lines" and "multiclass" in kinds:
                raise ValueError(
                    "submission.format: lines hold one answer each, not a probability a class"
                )
        if file.value == "number" and "regression" not in kinds:
            raise ValueError("submission.value: number is for an answer of kind regression")
        if answer.metric in GROUP_METRICS and self.tasks[answer.tasks[0]].group is None:
            raise ValueError(f"answer.metric: {answer.metric} needs the task's `group:`")

    def _check_columns(self) -> None:
        """Raises ValueError for a label or group column that this layout can't have."""
        known = LAYOUT_COLUMNS[self.layout]
        columns = {name: task.column or name for name, task in self.tasks.items()}
        if self.layout in ("lines", "folders") and len(set(columns.values())) > 1:
            found = ", ".join(dict.fromkeys(columns.values()))
            raise ValueError(
                f"layout {self.layout} has one label an image, but the tasks read the columns "
                f"{found}; `column:` lets several tasks read the same"
            )
        for name, task in self.tasks.items():
            if task.columns and self.layout != "table":
                raise ValueError(f"tasks.{name}.columns: only with layout: table")
            if task.group in OWN_COLUMNS:
                raise ValueError(f"tasks.{name}.group: {task.group!r} is the program's own word")
            for key, column in (("column", columns[name]), ("group", task.group)):
                if column is not None and known is not None and column not in known:
                    raise ValueError(
                        f"tasks.{name}.{key}: layout {self.layout} has no {column!r}; "
                        f"its columns are {', '.join(known)}"
                    )

    @property
    def metric_name(self) -> str:
        """The metric of the combined answer; of its first column when it has several."""
        first = self.tasks[self.answer.tasks[0]]
        if self.answer.metric:
            return self.answer.metric
        return "macro_f1" if self.answer.is_product else first.metric_name
