"""What the data is: tasks, answer, layout and submission of one competition."""

from math import prod
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from pipeline.config.contest_columns import check_label_columns
from pipeline.config.extra import Extra, check_extra
from pipeline.config.layouts import AppaLayout, Drawn, FoldersLayout, LinesLayout, TableLayout
from pipeline.config.task import Task
from pipeline.config.types import Count, Fraction, Settings, Text, Word, check_metric, check_name
from pipeline.labels.kinds import COLUMN_A_CLASS, GROUP_METRICS


class Answer(Settings):
    """How the tasks become the one answer of the contest."""

    tasks: tuple[str, ...] = Field(min_length=1)
    """Names the tasks that make the answer. In a product the class number of the first task changes
    slowest, as in mask × 6 + gender × 3 + age."""
    metric: str | None = None
    """Names the metric that scores a product of tasks; null means macro_f1. An answer of one task
    is scored by that task's own metric."""
    combine: Literal["product", "columns"] = "product"
    """Says how several tasks are answered: `product` multiplies their classes into one, `columns`
    gives each task a column of its own."""
    per: Text | None = None
    """Names the column that a row of the answer file stands for, where it is answered from several
    images: a person, an album. `folder` is the folder that an image lies in. Null: an image."""
    pooling: Literal["choose", "mean", "log_odds", "trimmed_mean", "median"] = "choose"
    """Says how the predictions of such images become one. `choose` takes their mean, unless another
    rule that is chosen on other folds is better beyond its interval."""

    @property
    def is_product(self) -> bool:
        """Whether several tasks are multiplied into one answer."""
        return len(self.tasks) > 1 and self.combine == "product"


class Rows(Settings):
    """A submission with a row for each answer of an image, where others have a row an image."""

    feature: Text | None = None
    """Names the column that says which answer a row holds: a task, class or label, or what
    `submission.columns` calls it. Null means that it stands behind the image in the id column."""
    value: Text
    """Names the column of the answers."""
    joined_by: str = Field("_", min_length=1, max_length=20)
    """Stands between the image's id and the answer's name where both are in the id column."""
    written: tuple[Text, ...] | None = Field(None, min_length=1)
    """Names the columns of the file that is handed in, such as [RowId, Location]. Null writes all
    columns of the sample."""


class Submission(Settings):
    """The contest's own answer file."""

    sample: str | None = None
    """Names the contest's sample file, a path below root. Its ids, in its order, are what must be
    answered; its values are placeholders."""
    id: Text = "image_id"
    """Names the id column of the submission."""
    column: Text | None = None
    """Names the column of the answer. Null takes the only other column of the sample file, or
    `answer` where there is no sample."""
    columns: dict[Text, Text] = Field({})
    """Names the columns of several answers, as task: column, or of a probability for each class, as
    class: column. What is not named keeps the name of its task, class or label."""
    copied: tuple[Text, ...] = ()
    """Lists columns of the sample file that no task answers; they are written as they stand there.
    """
    value: Literal["index", "label", "probability", "number"] | None = None
    """Says what is written: `index` (the class number), `label` (the class), `probability` (of
    class 1, or of each class in its own column) or `number`. Of multilabel `index` is 0 or 1 in a
    column a label, `label` the labels' words in one column. Null follows the sample file; without
    one it is the probability where the metric looks at probabilities (roc_auc, log_loss), else the
    index."""
    top: Count | None = None
    """Writes this many of the likeliest classes or labels of an image, as words in one column, the
    likeliest first. Null writes K where map@K or top@K judges and the sample has one column."""
    rows: Rows | None = None
    """Says how the sample's rows are answers of images. Null sees it in the sample: ids that come
    several times beside a column of the answers' names, or ids that end with them."""
    separator: str = Field(" ", min_length=1, max_length=20)
    """Stands between the words of several labels in one column."""
    clip: tuple[float, float] | None = None
    """Bounds of the numbers or probabilities that are written, as [0.01, 0.99]: what lies outside
    is written as the bound. Null: the task's own low and high, of probabilities 0 and 1."""
    normalise: bool = False
    """Whether the written probabilities of the classes are divided by their sum after clipping, for
    contests that want rows of sum 1."""
    round: Annotated[int, Field(ge=0, le=15)] | None = None
    """Decimals of the numbers or probabilities that are written; 0 writes whole numbers. Null: all
    of them, but whole numbers where the sample file and the labels are whole."""
    format: Literal["csv", "lines"] = "csv"
    """`csv` writes a table with ids; `lines` writes bare answers in order, without ids, to
    NAME.txt."""


class Competition(Settings):
    """What the data is: its files, its tasks, its answer. One file can serve many experiments."""

    name: Word
    """The competition's name; it follows from the file's name."""
    layout: Literal["pstage", "table", "lines", "folders", "utkface", "cacd", "afad", "appa"]
    """Says how the contest's folder is built. `table`, `lines` and `folders` read any contest of
    that shape; `pstage`, `utkface`, `cacd`, `afad` and `appa` read those data sets as they are
    published."""
    root: str
    """Names the folder with the contest's files. A relative path starts at the project's folder."""
    table: TableLayout | None = None
    lines: LinesLayout | None = None
    appa: AppaLayout | None = None
    folders: FoldersLayout | None = None
    frames: Count = 16
    """Frames of a video that are looked at, evenly spaced; a row that names a video is answered
    from them."""
    missing_test: Fraction = 0.0
    """Allows this share of the test images to be missing or unreadable; they are answered without a
    look. With more of them, index or crop stops."""
    truth: bool = False
    """Says whether the labels of test images are the truth, so that the answer is scored by them.
    """
    partly_labelled: Literal["learn", "leave_out"] = "learn"
    """Says what a train image does that lacks the label of one task: `learn` lets it teach the
    other tasks, `leave_out` does not use it."""
    fixes: str | None = None
    """Names a CSV of corrected labels (`image_id` or `person_id`, `column`, `value`, `reason`) that
    is laid over the contest's own. Its path starts at root, or else at the project's folder."""
    drawn: Drawn | None = None
    extra: tuple[Extra, ...] = ()
    """Lists other folders of faces that teach and are never scored. Each entry has a `root` and a
    `layout`, what that layout needs (`table`, ...), and `tasks`: a list of the tasks whose labels
    are there, or for each {column, values} where it is written otherwise; null means all tasks.
    They are in no fold; a person whom the contest has by the same name teaches no fold that holds
    that person out."""
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
        check_label_columns(self.layout, self.tasks)
        for name in self.answer.tasks:
            check_name(name, self.tasks, what="answer.tasks: task")
        kinds = {self.tasks[name].kind for name in self.answer.tasks}
        if self.answer.is_product and kinds != {"multiclass"}:
            raise ValueError(
                "answer.tasks: only tasks of kind multiclass can be multiplied; combine: columns "
                "answers unlike tasks side by side"
            )
        self._check_answer()
        check_extra(self.extra, self.tasks)
        if self.answer.metric is not None:
            kind = self.tasks[self.answer.tasks[0]].kind
            check_metric(self.answer.metric, kind=kind, what="answer.metric")
        return self

    @model_serializer(mode="wrap")
    def _without_empty_extra(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """All settings, but no `extra` where there is none: what was made before it came stays."""
        found = handler(self)
        if not self.extra:
            found.pop("extra", None)
        return found

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
            grouped = self.answer.per is not None
            options["answer_id"] = None if grouped else self.submission.id
            options["per"] = self.answer.per
        return options

    def _check_answer(self) -> None:
        """Raises ValueError for an answer that its file or its metric can't hold."""
        answer, file = self.answer, self.submission
        if len(set(answer.tasks)) < len(answer.tasks):
            raise ValueError(f"answer.tasks: names the same task twice in {list(answer.tasks)}")
        several = len(answer.tasks) > 1 and not answer.is_product
        if several and answer.metric is not None:
            raise ValueError("answer.metric: each column is scored by its own task's metric")
        if several and file.format == "lines":
            raise ValueError("submission.format: lines hold one answer each, not several columns")
        kinds = {self.tasks[name].kind for name in answer.tasks}
        by_class = (
            not several
            and kinds <= set(COLUMN_A_CLASS)
            and (file.value in (None, "probability") or kinds == {"multilabel"})
        )
        names_tasks = bool(set(file.columns) & set(answer.tasks))
        if file.columns and not several and (names_tasks or not by_class):
            raise ValueError(
                "submission.columns: is only for answer.combine: columns, or for a probability of "
                "each class; submission.column names a single column"
            )
        if several:
            known = dict.fromkeys(answer.tasks)
            for name in answer.tasks:
                if self.tasks[name].kind == "multilabel":
                    known |= dict.fromkeys(self.tasks[name].classes or ())
            for name in file.columns:
                check_name(name, known, what="submission.columns: task")
        named = [file.columns.get(name, name) for name in answer.tasks] if several else []
        if len({file.id, *named}) < len(named) + bool(named):
            raise ValueError(f"submission.columns: names a column twice in {[file.id, *named]}")
        if file.value == "probability":
            if kinds == {"regression"} or (several and not kinds & {"binary", "multilabel"}):
                raise ValueError(
                    "submission.value: probability is for an answer of kind binary, multilabel or "
                    "multiclass, and beside others for binary and multilabel only"
                )
            if file.format == "lines" and "multiclass" in kinds:
                raise ValueError(
                    "submission.format: lines hold one answer each, not a probability a class"
                )
        if file.rows is not None and (file.sample is None or file.format == "lines"):
            raise ValueError("submission.rows: goes with a sample file, which says what is asked")
        if "multilabel" in kinds and file.format == "lines" and file.value != "label":
            raise ValueError(
                "submission.format: lines hold one answer each; value: label writes the labels of "
                "an image as words"
            )
        if file.top is not None and (several or not kinds <= set(COLUMN_A_CLASS)):
            raise ValueError("submission.top: is for one answer of kind multiclass or multilabel")
        if file.top is not None and file.value not in (None, "label"):
            raise ValueError(
                f"submission.top: writes class names, so value: {file.value} can't be with it; "
                "set value: label"
            )
        options = {"clip": file.clip, "normalise": file.normalise or None, "round": file.round}
        asked = [key for key, value in options.items() if value is not None]
        if asked and file.value in ("index", "label"):
            raise ValueError(
                f"submission.{asked[0]}: the file holds classes (value: {file.value}), no numbers"
            )
        if answer.pooling == "log_odds" and kinds == {"regression"}:
            raise ValueError("answer.pooling: a number has no log-odds; mean or median is for it")
        if file.value == "number" and "regression" not in kinds:
            raise ValueError("submission.value: number is for an answer of kind regression")
        if answer.metric in GROUP_METRICS and self.tasks[answer.tasks[0]].group is None:
            raise ValueError(f"answer.metric: {answer.metric} needs the task's `group:`")

    @property
    def answered_per(self) -> str:
        """What a row of the answer file stands for where it is no image: the column's name."""
        return self.answer.per or "video"

    @property
    def metric_name(self) -> str:
        """The metric of the combined answer; of its first column when it has several."""
        first = self.tasks[self.answer.tasks[0]]
        if self.answer.metric:
            return self.answer.metric
        return "macro_f1" if self.answer.is_product else first.metric_name
