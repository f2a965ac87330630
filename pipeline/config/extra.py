"""More data: other folders of faces that teach the contest's tasks and are never scored."""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from pipeline.config.contest_columns import check_label_columns
from pipeline.config.layouts import AppaLayout, FoldersLayout, LinesLayout, TableLayout
from pipeline.config.task import Task
from pipeline.config.types import Settings, TableWord, Text, Word, check_name
from pipeline.labels.columns import OWN_COLUMNS


class ExtraTask(Settings):
    """How the label of one of the contest's tasks is written in other data."""

    column: Text | None = None
    """Names the column of the label there. Null takes the name of the task's own column."""
    values: dict[TableWord, TableWord] = Field({})
    """Says which of the task's classes a word of that column means, as word there: class here. A
    word that is not named stays as it is."""


class Extra(Settings):
    """One folder of other data that teaches and is never scored."""

    root: Text
    """Names the folder of this data. A relative path starts at the project's folder."""
    layout: Literal["pstage", "table", "lines", "folders", "utkface", "cacd", "afad", "appa"]
    """Says how this folder is built, as the competition's own `layout` does."""
    table: TableLayout | None = None
    lines: LinesLayout | None = None
    appa: AppaLayout | None = None
    folders: FoldersLayout | None = None
    tasks: tuple[Word, ...] | dict[Word, ExtraTask] | None = None
    """Lists the contest's tasks whose labels are there, or gives them as task: {column, values}
    where a label is written otherwise. Null means all of the contest's tasks."""

    @model_validator(mode="after")
    def _agree(self) -> "Extra":
        for name in ("table", "lines", "appa", "folders"):
            if getattr(self, name) is not None and self.layout != name:
                raise ValueError(f"`{name}:` goes with layout: {name}")
        if self.layout in ("table", "lines") and getattr(self, self.layout) is None:
            raise ValueError(f"layout: {self.layout} needs `{self.layout}:`, where its files lie")
        if self.tasks is not None and not self.tasks:
            raise ValueError("tasks: names no task, so this data would teach nothing")
        return self

    @property
    def layout_options(self) -> dict[str, object]:
        """What lists the tables of this layout."""
        section = getattr(self, self.layout, None)
        return {} if section is None else section.model_dump()

    def taught(self, tasks: Mapping[str, Task]) -> dict[str, ExtraTask]:
        """By name how each task is written there that this data has labels of; `tasks` are the
        contest's."""
        if isinstance(self.tasks, dict):
            return dict(self.tasks)
        names = tasks if self.tasks is None else self.tasks
        return {name: ExtraTask() for name in names}


def check_extra(extra: tuple[Extra, ...], tasks: Mapping[str, Task]) -> None:
    """Raises ValueError for a task that the contest does not have, or a column that the layout of
    the other data can't have."""
    for number, source in enumerate(extra):
        spot = f"extra[{number}]"
        read: dict[str, str] = {}
        tasks_there = {}
        for name, there in source.taught(tasks).items():
            check_name(name, dict.fromkeys(tasks), what=f"{spot}.tasks: task")
            task = tasks[name]
            if task.columns and there.column is None and there.values:
                raise ValueError(
                    f"{spot}.tasks.{name}.values: goes with `column:`, for the contest has a "
                    "column for each class"
                )
            if task.columns and there.column is not None:
                if task.kind == "multilabel":
                    raise ValueError(
                        f"{spot}.tasks.{name}.column: the contest has a column for each label, "
                        "and other data of it needs the same columns"
                    )
                task = task.model_copy(update={"columns": None})
            column = there.column or task.column or name
            tasks_there[name] = task if task.columns else task.model_copy(update={"column": column})
            if column in OWN_COLUMNS - {"answer"} and there.column is not None:
                raise ValueError(
                    f"{spot}.tasks.{name}.column: {column!r} is a column that the program "
                    "makes itself"
                )
            if column in read and there.values:
                raise ValueError(
                    f"{spot}.tasks.{name}.values: {read[column]} reads the column {column!r} too; "
                    "other words for its values can be given where one task reads it"
                )
            read[column] = name
        try:
            check_label_columns(source.layout, tasks_there)
        except ValueError as error:
            raise ValueError(f"{spot}: {error}") from None
    grouped = [name for name, task in tasks.items() if task.group]
    if extra and grouped:
        raise ValueError(
            f"extra: goes with tasks without `group:`, and task {grouped[0]} has one, whose value "
            "other data does not say"
        )


def reading_key(extra: tuple[Extra, ...]) -> list[dict]:
    """What decides which images other data has and what labels they have."""
    return [source.model_dump(mode="json", exclude_defaults=True) for source in extra]
