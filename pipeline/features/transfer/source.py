"""The experiment whose weights are transferred: read as it was trained, and whether it fits."""

from pipeline.config import Experiment, load_settings
from pipeline.console.installation import COMMAND
from pipeline.experiment.cells import member_cells
from pipeline.experiment.tasks import contest_tasks, member_tasks
from pipeline.labels.tasks import Task
from pipeline.storage import Runs, display_path


def read_source(settings: Experiment, runs: Runs) -> Experiment:
    """The settings of `transfer.source` as it was trained, with this command's device and views.

    Raises ValueError where no source is named, or where it is not trained.
    """
    name = settings.transfer.source
    if name is None:
        raise ValueError("transfer: say which experiment's weights: transfer.source=age-cacd-lite")
    stored = runs.of_experiment(name) / "config.yaml"
    if not stored.exists():
        raise ValueError(
            f"transfer: no trained experiment {name!r}: {display_path(stored)} is not there"
        )
    changes = {"device": settings.device, "infer": settings.infer, "tta": settings.tta}
    return load_settings(stored).model_copy(update=changes)


def check_source(settings: Experiment, runs: Runs, source: Experiment) -> None:
    """Raises ValueError where the source's weights can't be scored on this contest.

    It must be of another contest, share a task, be trained as a whole, and cut crops as this one.
    """
    contest = settings.competition.name
    if source.competition.name == contest:
        raise ValueError(
            f"transfer: {source.name} learnt from the images of {contest} itself, so its score on "
            "them would be too high; its scores.csv says how it does out of fold"
        )
    shared_tasks(settings, source)
    source_runs = Runs(source)
    for member in source.members:
        for cell in member_cells(source, member):
            if not source_runs.done(cell).exists():
                raise ValueError(
                    f"transfer: {cell.name} of {source.name} is not trained: {COMMAND} train "
                    f"{source.as_typed}"
                )
    for member in source.members:
        if runs.crops_by(source_runs.crop_recipe_of(member)) is None:
            raise ValueError(
                f"transfer: {member} of {source.name} was trained on crops of "
                f"{source.member_crop(member).model_dump()}, this experiment cuts "
                f"{settings.crop.model_dump()}; give both the same crop settings"
            )


def shared_tasks(settings: Experiment, source: Experiment) -> list[Task]:
    """This contest's tasks that the source learnt too, with the same kind and classes.

    Raises ValueError where there is none.
    """
    learnt: dict[str, Task] = {}
    for member in source.members.values():
        for task in member_tasks(source, member):
            learnt[task.name] = task
    own = contest_tasks(settings)
    shared = []
    for task in own:
        if task.name in learnt and task.columns == learnt[task.name].columns:
            shared.append(task)
    if not shared:
        raise ValueError(
            f"transfer: {source.name} learnt {', '.join(learnt)}; this contest's tasks are "
            f"{', '.join(task.name for task in own)}: none has the same name, kind and classes"
        )
    return shared
