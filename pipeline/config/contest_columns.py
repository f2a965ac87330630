"""Which columns the tasks of a contest can read in its layout."""

from collections.abc import Mapping

from pipeline.config.task import Task
from pipeline.labels.columns import OWN_COLUMNS
from pipeline.labels.kinds import LAYOUT_COLUMNS


def check_label_columns(layout: str, tasks: Mapping[str, Task]) -> None:
    """Raises ValueError for a label or group column that this layout can't have."""
    known = LAYOUT_COLUMNS[layout]
    columns = {name: task.column or name for name, task in tasks.items()}
    if layout in ("lines", "folders") and len(set(columns.values())) > 1:
        found = ", ".join(dict.fromkeys(columns.values()))
        raise ValueError(
            f"layout {layout} has one label an image, but the tasks read the columns "
            f"{found}; `column:` lets several tasks read the same"
        )
    for name, task in tasks.items():
        if task.columns and layout != "table":
            raise ValueError(f"tasks.{name}.columns: is only for layout: table, found {layout}")
        if task.kind == "multilabel" and known is not None:
            raise ValueError(
                f"tasks.{name}.kind: layout {layout} has one label an image, and "
                "multilabel needs several"
            )
        if task.group in OWN_COLUMNS:
            raise ValueError(
                f"tasks.{name}.group: {task.group!r} is a column that the program makes itself"
            )
        for key, column in (("column", columns[name]), ("group", task.group)):
            if column is not None and known is not None and column not in known:
                raise ValueError(
                    f"tasks.{name}.{key}: layout {layout} has no {column!r}; "
                    f"its columns are {', '.join(known)}"
                )
