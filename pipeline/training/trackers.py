"""Live curves: what a cell logs each epoch goes to TensorBoard, W&B or MLflow, or nowhere.

None of them is needed, none is asked over a network unless the user says so: W&B stays offline
without WANDB_MODE, MLflow writes to a folder without MLFLOW_TRACKING_URI.
"""

import math
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from pipeline.config import Experiment
from pipeline.console.requirements import say_install
from pipeline.storage import Cell, Runs

Log = Callable[[int, Mapping[str, float]], None]
PACKAGES = {"tensorboard": "tensorboard", "wandb": "wandb", "mlflow": "mlflow"}


def check_tracking(settings: Experiment) -> None:
    """Raises ValueError when the package of the tracker that is asked for is not installed."""
    name = settings.track
    if name is not None and find_spec(PACKAGES[name]) is None:
        raise ValueError(f"track: {name} is not installed; type: {say_install('track')}")


@contextmanager
def open_track(settings: Experiment, runs: Runs, cell: Cell, *, past: int = 0) -> Iterator[Log]:
    """`log(step, values)` for the block, with the tracker that the settings name. `past` epochs
    were logged before the cell was stopped; what is no finite number is left out."""
    name = settings.track
    if name is None:
        yield _log_nothing
        return
    folder = runs.tracked(name)
    folder.mkdir(parents=True, exist_ok=True)
    if name == "tensorboard":
        write, close = _open_tensorboard(folder / cell.member / cell.folder, past=past)
    elif name == "wandb":
        write, close = _open_wandb(settings, folder, cell)
    else:
        write, close = _open_mlflow(settings, folder, cell)

    def log(step: int, values: Mapping[str, float]) -> None:
        known = {key: float(value) for key, value in values.items() if _is_finite(value)}
        write(step, known)

    try:
        yield log
    finally:
        close()


def _log_nothing(step: int, values: Mapping[str, float]) -> None:
    pass


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _open_tensorboard(folder: Path, *, past: int) -> tuple[Log, Callable[[], None]]:
    """Event files in a cell's own folder; those after epoch `past` are written again."""
    from torch.utils.tensorboard import SummaryWriter

    folder.mkdir(parents=True, exist_ok=True)
    writer = SummaryWriter(str(folder), purge_step=past + 1 if past else None)

    def write(step: int, values: Mapping[str, float]) -> None:
        for key, value in values.items():
            writer.add_scalar(key, value, step)
        writer.flush()

    return write, writer.close


def _open_wandb(settings: Experiment, folder: Path, cell: Cell) -> tuple[Log, Callable[[], None]]:
    import wandb

    run = wandb.init(
        project=settings.competition.name,
        group=settings.name,
        name=cell.name,
        dir=str(folder),
        mode=os.environ.get("WANDB_MODE", "offline"),
        config=settings.members[cell.member].model_dump(mode="json"),
        reinit="create_new",
    )

    def write(step: int, values: Mapping[str, float]) -> None:
        run.log(dict(values), step=step)

    return write, run.finish


def _open_mlflow(settings: Experiment, folder: Path, cell: Cell) -> tuple[Log, Callable[[], None]]:
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # asked for since MLflow 3
    from mlflow import MlflowClient

    client = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI", folder.resolve().as_uri()))
    known = client.get_experiment_by_name(settings.name)
    experiment = known.experiment_id if known else client.create_experiment(settings.name)
    run = client.create_run(experiment, run_name=cell.name).info.run_id
    for key, value in settings.members[cell.member].model_dump(mode="json").items():
        client.log_param(run, key, str(value)[:500])

    def write(step: int, values: Mapping[str, float]) -> None:
        for key, value in values.items():
            client.log_metric(run, key.replace(":", "/"), value, step=step)

    def close() -> None:
        client.set_terminated(run)

    return write, close
