"""A folder to upload as a data set: all that answers a hidden test where there is no internet."""

import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path

from pipeline.config import Experiment, write_settings
from pipeline.console.installation import CODE, SHIPPED
from pipeline.experiment.cells import answering_cells, used_members
from pipeline.experiment.fingerprints import ensemble_key
from pipeline.experiment.own_metric_digests import own_metric_files
from pipeline.features.hidden_test.answerable import check_answerable
from pipeline.features.hidden_test.digest import write_digest
from pipeline.features.hidden_test.notebook import write_notebook
from pipeline.features.hidden_test.wheels import fetch_wheels
from pipeline.inference.ensemble_spec import decided_pooling, decided_thresholds
from pipeline.storage import PROJECT, Runs, stamp, write_text

NOTEBOOK = "answer_hidden_test.ipynb"
# pure Python, so that a copy works anywhere: what a Kaggle image lacks, or has in versions that
# build other networks by the same name
CARRIED = ("timm", "facenet-pytorch")
NEEDED = (
    *("torch", "torchvision", "numpy", "pandas", "pyarrow", "pydantic", "PyYAML", "pillow"),
    *("opencv-python-headless", "safetensors", "tqdm", "scikit-learn", "scipy", "requests"),
)


@dataclass(frozen=True)
class Bundle:
    """The folder that was written, its number of files and their size."""

    folder: Path
    num_files: int
    num_bytes: int
    carried: tuple[str, ...]


def check_bundle(settings: Experiment, runs: Runs) -> None:
    """Raises ValueError where a cell is not trained, or a threshold is still to be chosen."""
    check_answerable(settings, runs, words="bundle")
    for name, path in own_metric_files(settings).items():
        if not path.is_file() or not path.is_relative_to(PROJECT):
            raise ValueError(
                f"bundle: metric {name}: its file must lie in the project's folder, as in configs/"
            )


def write_bundle(settings: Experiment, runs: Runs, *, wheels: bool = False) -> Bundle:
    """Writes the bundle again. Raises ValueError as check_bundle.

    It holds code, the pure Python packages that a Kaggle image lacks, weights of the cells that
    answer, the label and fold tables (for the prior of images that can't be read), the settings,
    a digest of every file, and the notebook. With `wheels` pip fetches these packages as wheels,
    which the notebook installs; else the installed ones are copied. Train images and their crops
    are not in it.
    """
    check_bundle(settings, runs)
    folder = runs.bundled("")
    if folder.exists():
        shutil.rmtree(folder)
    inside = _settings_inside(settings, runs)
    _copy_run(settings, runs, inside, folder)
    _copy_code(folder)
    for path in own_metric_files(settings).values():
        target = folder / path.relative_to(PROJECT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    carried = [name for name in CARRIED if settings.crop.faces == "detect" or name == "timm"]
    if wheels:
        fetch_wheels(carried, folder / "wheels")
    else:
        for name in carried:
            _copy_package(name, folder / "packages")
    write_text(folder / "requirements.txt", _requirements(carried))
    write_text(folder / "config.yaml", write_settings(inside))
    notebook = write_notebook(name=settings.name, contest=settings.competition.name)
    write_text(folder / NOTEBOOK, notebook)
    number = write_digest(folder)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Bundle(folder, number, size, tuple(carried))


def _settings_inside(settings: Experiment, runs: Runs) -> Experiment:
    """The settings as they hold inside the bundle: every place in it, any device, labels mended.

    A chosen threshold is written down, so that no OOF table is needed to find it again; those of
    several labels stand in the submission's record, which is carried along.
    """
    contest = settings.competition.model_copy(update={"root": "contest", "fixes": None})
    ensemble = settings.ensemble
    chosen = {one for one in decided_thresholds(settings, runs).values() if isinstance(one, float)}
    if ensemble.threshold == "oof" and len(chosen) == 1:
        ensemble = ensemble.model_copy(update={"threshold": chosen.pop()})
    rules = set(decided_pooling(settings, runs).values())
    if contest.answer.pooling == "choose" and len(rules) == 1:
        answer = contest.answer.model_copy(update={"pooling": rules.pop()})
        contest = contest.model_copy(update={"answer": answer})
    places = {"runs": "runs", "submissions": "submissions", "cluster": None, "device": "auto"}
    return settings.model_copy(update={"competition": contest, "ensemble": ensemble, **places})


def _copy_run(settings: Experiment, runs: Runs, inside: Experiment, folder: Path) -> None:
    """The weights and tables, where the code will look for them in the bundle."""
    there = Runs(inside)  # below this project, as it will be below the bundle

    def place(path: Path) -> Path:
        return folder / path.relative_to(PROJECT)

    pairs = [
        (runs.images, there.images),
        (runs.faces, there.faces),
        (runs.folds, there.folds),
        (runs.certificate, there.certificate),
    ]
    for name in used_members(settings):
        for cell in answering_cells(settings, name):
            pairs.append((runs.weights(cell), there.weights(cell)))
    for path in (runs.submission, runs.submission_record):
        pairs.append((path, there.submissions / path.name))
    sample = settings.competition.submission.sample
    if sample is not None:
        pairs.append((runs.root / sample, there.root / sample))
    for source, target in pairs:
        if source.is_file():
            place(target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place(target))
    if runs.submission.is_file():
        stamp(place(there.submission), ensemble_key(inside))


def _copy_code(folder: Path) -> None:
    """The whole package: which parts a contest needs is seen only while it is answered."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(CODE, folder / "pipeline", ignore=ignored)
    for name in ("LICENSE", "pyproject.toml"):
        if (SHIPPED / name).is_file():  # a bundle that makes a bundle may have lost them
            shutil.copyfile(SHIPPED / name, folder / name)


def _copy_package(name: str, folder: Path) -> None:
    """An installed package of pure Python, with its own licence. Raises ValueError without it."""
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        raise ValueError(f"bundle: {name} is not installed here, and a bundle carries it") from None
    for file in files:
        inside = ".." not in file.parts and "__pycache__" not in file.parts
        source = Path(file.locate())
        if inside and source.is_file():
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)


def _requirements(carried: list[str]) -> str:
    """The packages that the notebook needs, with the versions that were tried here."""
    lines = ["# What the notebook needs; Kaggle's own image has these in versions close to them."]
    lines += [f"{name}=={distribution(name).version}" for name in NEEDED if _is_there(name)]
    lines += ["# In packages/ or wheels/, because an image may lack them or have others:"]
    lines += [f"{name}=={distribution(name).version}" for name in carried]
    return "\n".join(lines) + "\n"


def _is_there(name: str) -> bool:
    try:
        requires(name)
    except PackageNotFoundError:
        return False
    return True
