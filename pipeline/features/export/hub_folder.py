"""The folder that share hands on: models, weights, settings, the page and the code it needs."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config import Experiment
from pipeline.console.installation import CODE, SHIPPED
from pipeline.console.requirements import tried_versions
from pipeline.experiment.cells import answering_cells, used_members
from pipeline.storage import Runs, atomic_write, write_json

APP = CODE / "features/export/hub_app.py"
NEEDED = {None: ("numpy", "pillow", "opencv-python-headless"), "export": ("onnxruntime",)}


def copy_models(settings: Experiment, runs: Runs, facts: Mapping[str, Any]) -> None:
    """Writes the ONNX models, every network's weights, and config.json of what export wrote.

    `facts` is what stands in export.json.
    """
    from pipeline.inference.ensemble_spec import FINE

    _copy(runs.exported("ensemble.onnx"), runs.shared("ensemble.onnx"))
    if settings.crop.faces == "detect":
        _write_detector(runs)
    _clear(runs.shared("weights"))  # an earlier share may have had other members
    for name in used_members(settings):
        for cell in answering_cells(settings, name):
            _copy(runs.weights(cell), runs.shared(f"weights/{cell.name}.safetensors"))
    kept = ("inputs", "readings", "crop", "views", "method", "members")
    config = {"name": settings.name, "fine_face": FINE}
    config |= {key: facts[key] for key in kept}
    config["settings"] = _without_places(settings.model_dump(mode="json"))
    write_json(runs.shared("config.json"), config)


def _without_places(settings: dict) -> dict:
    """The settings without where things lie on this machine."""
    contest = {**settings["competition"], "root": "data"}
    places = {"runs": "runs", "submissions": "submissions", "cluster": None}
    return {**settings, **places, "competition": contest}


def _write_detector(runs: Runs) -> None:
    """The detector's three nets, taken once as ONNX with any number and size of images."""
    from pipeline.features.export.formats import save_detector

    for name, model in save_detector():
        with atomic_write(runs.shared(f"{name}.onnx")) as temporary:
            model.save(str(temporary), external_data=False)


def copy_code(runs: Runs) -> None:
    """Writes the rooms that the page needs, the page itself and the licence."""
    from pipeline.features.export.bundle_code import files_needed

    target = runs.shared("pipeline")
    _clear(target)
    for path in files_needed(APP):
        _copy(path, target / path.relative_to(CODE))
    _copy(APP, runs.shared("app.py"))
    _copy(SHIPPED / "LICENSE", runs.shared("LICENSE"))


def _clear(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _copy(source: Path, target: Path) -> None:
    with atomic_write(target) as temporary:
        shutil.copyfile(source, temporary)


def read_requirements() -> list[str]:
    """The versions of this project for what the page needs; gradio brings the rest."""
    found = [f"gradio=={tried_versions('demo')['gradio']}"]
    for extra, names in NEEDED.items():
        tried = tried_versions(extra)
        found += [f"{name}=={tried[name]}" for name in names]
    return found
