"""What of a competition's settings decides its images table: the folder's name is its fingerprint.

Settings that came later are in it only where they are not as by default, so that a new setting
leaves the folders of earlier runs where they are.
"""

from typing import Any

from pipeline.config.competition import Competition
from pipeline.config.extra import reading_key
from pipeline.config.task import Task

FIRST_OF_TABLE = {"train", "test", "images", "test_images", "id", "path", "person", "suffix"}
LATER = ("lines", "appa", "folders")  # sections
LATER_OF_TASK = ("columns", "invalid", "separator", "nothing")
FOR_LABELS = ("truth", "partly_labelled")


def index_key(contest: Competition, *, root: str) -> dict[str, Any]:
    """What decides which images there are and what columns they have."""
    reading = contest.model_dump(mode="json", include={"layout", "drawn"})
    reading["table"] = None
    if contest.table is not None:
        later = contest.table.model_dump(mode="json", exclude_defaults=True)
        reading["table"] = contest.table.model_dump(mode="json", include=FIRST_OF_TABLE) | later
    reading["root"] = root
    for name in LATER:
        section = getattr(contest, name)
        if section is not None:
            reading[name] = section.model_dump(mode="json")
    if contest.extra:
        reading["extra"] = reading_key(contest.extra)
    key: dict[str, Any] = {"reading": reading}
    key["columns"] = {name: task.column or name for name, task in contest.tasks.items()}
    if contest.answer.per is not None:
        key["per"] = contest.answer.per
    if contest.frames != Competition.model_fields["frames"].default:
        key["frames"] = contest.frames
    groups = sorted({task.group for task in contest.tasks.values() if task.group})
    if groups:
        key["groups"] = groups
    return key


def task_key(task: Task) -> dict[str, Any]:
    """A task's settings; later ones only where they are not as by default."""
    unset = {name for name in LATER_OF_TASK if getattr(task, name) == _default(task, name)}
    return task.model_dump(mode="json", exclude=unset)


def _default(task: Task, name: str) -> Any:
    return type(task).model_fields[name].default


def label_key(contest: Competition) -> dict[str, Any]:
    """What else decides their labels; faces and crops do not depend on it."""
    key: dict[str, Any] = {}
    for name in FOR_LABELS:
        if getattr(contest, name) != Competition.model_fields[name].default:
            key[name] = getattr(contest, name)
    for name, task in contest.tasks.items():
        if task.columns is not None or task.invalid != "refuse":
            key[f"tasks.{name}"] = task.model_dump(mode="json")
    return key
