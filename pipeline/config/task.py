"""What is predicted from an image."""

from typing import Literal

from pydantic import model_validator

from pipeline.config.types import Positive, Settings, TableWord, check_metric
from pipeline.labels.kinds import DEFAULT_METRIC, GROUP_METRICS, Kind


class Task(Settings):
    """What is predicted from an image: one of some classes, a yes/no score, or a number."""

    kind: Kind
    column: str | None = None
    """The label's column in the table; the task's own name when not given."""
    columns: tuple[str, ...] | None = None
    """One column for each class, in the order of the classes, with a 1 in one of them; instead of
    `column`."""
    classes: tuple[TableWord, ...] | None = None
    """The values in the order of their class number."""
    edges: tuple[float, ...] | None = None
    """Bins of a number: [30, 60] makes <30, 30-60, >=60."""
    low: float | None = None
    """A number is never answered below this."""
    high: float | None = None
    """Nor above this."""
    centre: float = 0.0
    """Subtracted from a number for training: a value near its mean starts well."""
    scale: Positive = 1.0
    """Then it is divided by this."""
    constant: bool = False
    """The same in all images of one person (age, gender)."""
    invalid: Literal["refuse", "leave_out"] = "refuse"
    """What a wrong label is: an error, or (leave_out) as good as none. Both say how many."""
    metric: str | None = None
    """How this task is scored; by kind when not given."""
    group: str | None = None
    """A numeric column that the metric or loss splits by: gender, 0 to 1."""

    @model_validator(mode="after")
    def _agree(self) -> "Task":
        if self.kind == "multiclass" and (self.classes is None) == (self.edges is None):
            raise ValueError("a task of kind multiclass needs either classes or edges")
        if self.kind == "binary" and (self.classes is None or len(self.classes) != 2):
            raise ValueError("a task of kind binary needs two classes, the one for 0 first")
        if self.kind == "regression" and (self.classes or self.edges):
            raise ValueError("a task of kind regression has neither classes nor edges")
        if self.classes and (len(self.classes) < 2 or len(set(self.classes)) < len(self.classes)):
            raise ValueError("classes must be at least two different words")
        if self.columns and (self.column or self.kind != "multiclass" or not self.classes):
            raise ValueError("columns: one column a class of a task of kind multiclass, no column:")
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

    @property
    def metric_name(self) -> str:
        return self.metric or DEFAULT_METRIC[self.kind]

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 for a score or a number."""
        if self.kind != "multiclass":
            return 0
        return len(self.classes) if self.classes else len(self.edges or ()) + 1
