"""What is predicted from an image."""

from typing import Literal

from pydantic import Field, model_validator

from pipeline.config.types import Positive, Settings, TableWord, check_metric
from pipeline.labels.kinds import COLUMN_A_CLASS, DEFAULT_METRIC, GROUP_METRICS, Kind
from pipeline.labels.label_words import NOTHING, SEPARATOR, UNKNOWN, split_text


class Task(Settings):
    """What is predicted from an image: one of some classes, a yes/no score, several labels at once,
    or a number."""

    kind: Kind
    """`multiclass` is one of several classes, `binary` is a yes or no with a score, `multilabel` is
    several labels an image, each a yes or no, `regression` is a number."""
    column: str | None = None
    """Names the column of the label. Null takes the task's own name."""
    columns: tuple[str, ...] | None = None
    """Names one column for each class, in the order of `classes`, with a 1 in one of them; in place
    of `column`. Of multilabel each holds 0 and 1 (or -1 and 1); there `Wearing_*` stands for all
    columns of such a name, and `Bald..Young` for those from one to the other."""
    classes: tuple[TableWord, ...] | None = None
    """Lists the values of the label in the order of their class number; of binary the one for 0
    first; of multilabel the labels, where null takes the names of `columns`."""
    separator: str | None = Field(None, min_length=1, max_length=20)
    """Stands between the labels of multilabel that are words in one column. Null is a blank."""
    nothing: TableWord | None = None
    """The word in that column for an image with none of the labels. Null has no such word."""
    edges: tuple[float, ...] | None = None
    """Cuts a number into classes: [30, 60] makes <30, 30-60, >=60. It stands in place of `classes`.
    """
    low: float | None = None
    """No number below this is answered, and a label below it is wrong."""
    high: float | None = None
    """No number above this is answered, and a label above it is wrong."""
    centre: float = 0.0
    """This is subtracted from a number for training. Set it near the mean of the labels."""
    scale: Positive = 1.0
    """Divides a number for training, after `centre`. Set it near the labels' spread."""
    constant: bool = False
    """Says whether the label is the same in all images of one person, as gender is."""
    invalid: Literal["refuse", "leave_out"] = "refuse"
    """Says what a wrong label does: `refuse` is an error, `leave_out` treats it as missing. Both
    say how many there are."""
    metric: str | None = None
    """Says how this task is scored (docs/metrics.md). Null takes macro_f1 for multiclass, hter for
    binary, macro_roc_auc for multilabel and mae for regression."""
    group: str | None = None
    """Names a column of numbers from 0 to 1, such as gender, that `occlusion_gap` splits at 0.5."""

    @model_validator(mode="after")
    def _agree(self) -> "Task":
        if self.kind == "multiclass" and (self.classes is None) == (self.edges is None):
            raise ValueError("a task of kind multiclass needs either classes or edges")
        if self.kind == "multilabel":
            self._check_labels()
        elif self.separator is not None or self.nothing is not None:
            raise ValueError("separator and nothing: are only for kind: multilabel")
        if self.kind == "binary" and (self.classes is None or len(self.classes) != 2):
            raise ValueError("a task of kind binary needs two classes, the one for 0 first")
        if self.kind == "regression" and (self.classes or self.edges):
            raise ValueError("a task of kind regression has neither classes nor edges")
        if self.classes and (len(self.classes) < 2 or len(set(self.classes)) < len(self.classes)):
            raise ValueError("classes must be at least two different words")
        if self.columns and (self.column or self.kind not in COLUMN_A_CLASS or not self.classes):
            raise ValueError(
                "columns: goes with classes: of a multiclass or multilabel task, a column for each "
                "class, and without column:"
            )
        if self.columns and len(self.columns) != len(self.classes or ()):
            raise ValueError(
                f"columns: {len(self.columns)} columns for {len(self.classes or ())} classes; "
                "name one column a class, in the order of the classes"
            )
        if self.edges and list(self.edges) != sorted(set(self.edges)):
            raise ValueError(f"edges must rise, found {list(self.edges)}")
        if self.metric is not None:
            check_metric(self.metric, kind=self.kind, what="metric")
        if self.metric == "rmsle" and (self.low is None or self.low <= -1):
            raise ValueError("metric rmsle is for numbers above -1: the task needs `low: 0`")
        if self.metric in GROUP_METRICS and self.group is None:
            raise ValueError(f"metric {self.metric} needs `group:`, the column it splits at 0.5")
        return self

    def _check_labels(self) -> None:
        """Fills in the labels. Raises ValueError for what a task of kind multilabel can't have."""
        if self.edges is not None:
            raise ValueError("edges: a task of kind multilabel has labels, no bins")
        if self.classes is None:
            if self.columns is None:
                raise ValueError(
                    "a task of kind multilabel needs `columns:`, a column of 0 and 1 for each "
                    "label, or `column:` with words and `classes:`, the words that there are"
                )
            object.__setattr__(self, "classes", self.columns)
        if self.columns is not None and (self.separator is not None or self.nothing is not None):
            raise ValueError("separator and nothing: are for words in one column, without columns:")
        for word in self.classes or ():
            parts = split_text(word, separator=self.label_separator)
            if parts != [word] or word.startswith(UNKNOWN) or word in (self.nothing, NOTHING):
                raise ValueError(
                    f"classes: {word!r} can't be a label: labels are joined by "
                    f"{self.label_separator!r}, and do not begin with {UNKNOWN!r}"
                )

    @property
    def label_separator(self) -> str:
        """What joins the labels of kind multilabel in their column of the images table."""
        return SEPARATOR if self.columns is not None else self.separator or " "

    @property
    def metric_name(self) -> str:
        """The task's metric, or its kind's default where none is written."""
        return self.metric or DEFAULT_METRIC[self.kind]

    @property
    def num_classes(self) -> int:
        """Number of classes or labels; 0 for a score or a number."""
        if self.kind not in COLUMN_A_CLASS:
            return 0
        return len(self.classes) if self.classes else len(self.edges or ()) + 1
