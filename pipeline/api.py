"""What a notebook wants: `from pipeline import load_run, run`.

    made = run("crop train infer", config="sample", overrides={"device": "cpu"})
    made.scores()                        # a frame: a row a member, task, fold and metric
    load_run("sample").predict("me.jpg") # a frame: a row a face

Tables come as pandas frames. What is missing is a ValueError that says which stage makes it.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.__main__ import run_command
from pipeline.config import Experiment, load_experiment, load_settings, read_settings
from pipeline.config.types import nearest
from pipeline.console.installation import COMMAND
from pipeline.experiment.cells import all_cells
from pipeline.experiment.predictions import read_oof
from pipeline.experiment.work import Work
from pipeline.labels.separators import find_separator
from pipeline.leaderboard.oof_file import oof_probs_path
from pipeline.storage import PROJECT, Runs, display_path

Images = str | Path | np.ndarray | Iterable[str | Path | np.ndarray]


class Run:
    """An experiment's stored results as frames, and its trained cells as functions."""

    def __init__(self, settings: Experiment) -> None:
        self.settings = settings
        self.runs = Runs(settings)

    def __repr__(self) -> str:
        return f"Run({self.settings.name!r}, {display_path(self.runs.experiment)})"

    def scores(self) -> pd.DataFrame:
        """Out-of-fold scores: source, task, fold, metric, value, low, high, num_images, ..."""
        return _read(self.runs.scores, stage="evaluate", settings=self.settings)

    def oof(self, member: str | None = None) -> pd.DataFrame:
        """Out-of-fold predictions: of the submitted blend, with truth and probabilities; or of one
        member, a row an image and cell."""
        if member is None:
            path = oof_probs_path(self.runs.submission)
            return _read(path, stage="infer", settings=self.settings)
        if member not in self.settings.members:
            known = list(self.settings.members)
            raise ValueError(
                f"no member {member!r}{nearest(member, known)} there are {', '.join(known)}"
            )
        return read_oof(self.settings, self.runs, member)

    def submission(self) -> pd.DataFrame:
        """The answers as they are handed in."""
        return _read(self.runs.submission, stage="infer", settings=self.settings)

    def curves(self) -> pd.DataFrame:
        """What each cell logged: a row an epoch, with member, fold and seed."""
        rows = []
        for cell in all_cells(self.settings):
            path = self.runs.history(cell)
            lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
            start = {"member": cell.member, "fold": cell.fold, "seed": cell.seed}
            rows += [start | json.loads(line) for line in lines]
        if not rows:
            raise ValueError(f"nothing is trained yet; first {_command('train', self.settings)}")
        return pd.DataFrame(rows)

    def predict(self, images: Images, *, by: str = "ensemble") -> pd.DataFrame:
        """Every face of some images: where it is, what is predicted, every probability.

        `images` is a file, a folder, pixels (H, W, 3) uint8 in upright RGB, or several of them;
        `by` is the ensemble, the stack or a member. An image that can't be read is a row with the
        reason as its status.
        """
        from pipeline.features.stack.predictor import load_stack_layers
        from pipeline.images.read import UnreadableImageError, read_image
        from pipeline.inference.choice import check_by
        from pipeline.inference.face_predictor import FacePredictor
        from pipeline.inference.faces_table import face_rows, faces_frame

        check_by(self.settings, self.runs, by)
        stack = load_stack_layers(self.settings, self.runs, by=by)
        predictor = FacePredictor(self.settings, self.runs, by=by, stack=stack)
        rows: list[dict] = []
        for number, image in enumerate(_each(images)):
            name = f"image {number}" if isinstance(image, np.ndarray) else str(image)
            try:
                pixels = image if isinstance(image, np.ndarray) else read_image(image)
            except UnreadableImageError as error:
                rows.append({"file": name, "status": str(error)})
                continue
            rows += face_rows(name, predictor(pixels))
        return faces_frame(rows, predictor.spec.readings)

    def answer(
        self, test: str | Path, *, to: str | Path, folder: str | Path | None = None
    ) -> pd.DataFrame:
        """Answers other test images in the contest's format, with the trained cells.

        `test` is a folder of images, a contest's folder with another test part, or a test table;
        `to` is the file to write. Crops and predictions are kept in `folder`, so that the same call
        goes on after a stop; without one, beside the run.
        """
        from pipeline.features.hidden_test.answer import answer_hidden_test

        work = Work(self.settings, self.runs, ["load_run", self.settings.name])
        made = Path(to).absolute()
        kept = None if folder is None else Path(folder).absolute()
        answers = answer_hidden_test(work, Path(test), made=made, folder=kept)
        for note in answers.notes:
            print(note)
        return _read_csv(answers.path)


def load_run(
    name: str | Path = "sample",
    *,
    runs: str | Path = "runs",
    overrides: Mapping[str, Any] | None = None,
) -> Run:
    """A run by its name below `runs`, or by the path of its stored config.yaml.

    `overrides` are settings by their dotted keys, as {"device": "cpu"}. Raises ValueError that
    names the runs that are there, or what is wrong with a setting.
    """
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        folder = Path(runs) if Path(runs).is_absolute() else PROJECT / runs
        path = folder / str(name) / "config.yaml"
        if not path.is_file():
            known = sorted(found.parent.name for found in folder.glob("*/config.yaml"))
            raise ValueError(
                f"no run {str(name)!r} in {display_path(folder)}{nearest(str(name), known)} "
                f"there are: {', '.join(known) or 'none'}"
            )
    if not path.is_file():
        raise ValueError(f"no file {path}")
    settings = load_settings(path)
    if not overrides:
        return Run(settings)
    raw = settings.model_dump(mode="json")
    for key, value in overrides.items():
        place = raw
        *above, last = key.split(".")
        for part in above:
            place = place.setdefault(part, {})
        place[last] = str(value) if isinstance(value, Path) else value
    return Run(read_settings(raw, name=str(path)))


def run(stages: str, *, config: str = "sample", overrides: Mapping[str, Any] | None = None) -> Run:
    """Runs stages as `./run.sh STAGES -c CONFIG key=value` does, and gives the run.

    Raises ValueError with the sentences that the command would print.
    """
    words = [f"{key}={_as_yaml(value)}" for key, value in (overrides or {}).items()]
    run_command([*stages.split(), "-c", config, *words])
    return Run(load_experiment(config, words, configs=PROJECT / "configs"))


def _as_yaml(value: Any) -> str:
    """A value as one types it behind `key=`."""
    if isinstance(value, str | Path):
        return str(value)
    return json.dumps(value)


def _read(path: Path, *, stage: str, settings: Experiment) -> pd.DataFrame:
    if not path.is_file():
        raise ValueError(
            f"{display_path(path)} is not there yet; first {_command(stage, settings)}"
        )
    return _read_csv(path)


def _read_csv(path: Path) -> pd.DataFrame:
    """The table; bare answers, one a line, get a column `answer`."""
    if path.suffix == ".txt":
        return pd.read_csv(path, header=None, names=["answer"])
    with path.open(encoding="utf-8") as file:
        separator = find_separator(file.readline())
    return pd.read_csv(path, float_precision="round_trip", sep=separator)


def _command(stage: str, settings: Experiment) -> str:
    return f"{COMMAND} {stage} {settings.as_typed}"


def _each(images: Images) -> Iterable[Path | np.ndarray]:
    """The images one by one; a folder gives its files, hidden ones not."""
    several = [images] if isinstance(images, str | Path | np.ndarray) else images
    for image in several:
        if isinstance(image, np.ndarray):
            yield image
        elif Path(image).is_dir():
            for path in sorted(Path(image).rglob("*")):
                if path.is_file() and not path.name.startswith("."):
                    yield path
        elif Path(image).exists():
            yield Path(image)
        else:
            raise ValueError(f"no file or folder {image}")
