"""Writes every member and the ensemble as files. The ensemble's are checked against infer, a
member's against its own network in torch."""

import importlib.util
import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from pipeline.config import Experiment
from pipeline.console import follow
from pipeline.console.installation import COMMAND
from pipeline.console.requirements import say_install
from pipeline.experiment.cells import used_members
from pipeline.experiment.crops import crop_names, crop_recipes
from pipeline.inference.choice import ENSEMBLE, has_kept, left_out, missing_weights
from pipeline.storage import Runs, display_path, provenance, write_json

if TYPE_CHECKING:  # torch takes seconds, and check_packages must answer at once
    from pipeline.models.export_module import EnsembleModel, MemberModel

NEEDED = ("onnx", "onnxruntime", "onnxscript")
APART = 1e-4  # probabilities further apart than that are another model
NUM = 8  # crops that every file is checked on


def check_export_packages(formats: list[str]) -> None:
    """Raises ValueError that says what to install."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing and "onnx" in formats:
        raise ValueError(
            f"export needs {', '.join(missing)}; type: {say_install('export')} "
            "(formats=pt2,pt needs none)"
        )


def export_models(
    settings: Experiment,
    runs: Runs,
    formats: list[str],
    *,
    command: list[str],
    alone: bool = True,
) -> dict:
    """Writes all files and export.json, and gives what that holds; `alone`: each member too.

    `command` is kept as the files' origin. Raises ValueError for a file of the ensemble that
    answers other than infer does, or of a member that answers other than its network in torch.
    """
    import torch

    from pipeline.faces.crop_store import open_crops
    from pipeline.features.export.formats import ensemble_model, member_model
    from pipeline.inference.ensemble_spec import choose_ensemble
    from pipeline.inference.face_predictor import FacePredictor

    # where a file is used is not known: it is checked on a CPU, in full precision
    settings = settings.model_copy(update={"device": "cpu", "precision": "float32"})
    inputs = crop_names(settings)
    crops = {  # of each input the same images
        name: _different(open_crops(runs.crops_of(member)), num=NUM)
        for member, name in inputs.items()
    }
    ensemble = choose_ensemble(settings, runs, "ensemble")
    notes = left_out(settings, runs)
    if has_kept(settings, runs):
        notes.append(
            "what stack kept is not in these files: they answer as the plain "
            f"{ensemble.settings.ensemble.method}; {COMMAND} predict IMAGE by=stack "
            f"{settings.as_typed} has it"
        )
    for note in notes:
        print(f"export: {note}")

    models = {}
    for name in settings.members:
        if not missing_weights(settings, runs, [name]):
            models[name] = member_model(settings, runs, name)
    to_write: dict[str, MemberModel | EnsembleModel] = {}
    if not missing_weights(settings, runs, used_members(settings)):
        to_write[ENSEMBLE] = ensemble_model(ensemble, models)
    if alone:
        to_write |= models

    rows, outputs = [], {}
    for name, model in follow(list(to_write.items()), desc="export", unit="models"):
        expected = None
        if name == ENSEMBLE:
            answered, _ = FacePredictor(settings, runs).answer(crops)
            expected = [answered[output] for output in model.names]
        outputs[name] = model.names
        seen = [crops[each] for each in model.inputs]
        rows += _write(runs, name, model, seen, formats, expected=expected)
    facts = {
        "experiment": settings.name,
        "inputs": _describe_inputs(settings, ensemble.members),
        "outputs": outputs,
        "readings": [reading.as_dict() for reading in ensemble.readings],
        "crop": settings.crop.model_dump(mode="json"),
        "views": list(settings.tta),
        "method": ensemble.settings.ensemble.method,
        "weights": ensemble.settings.ensemble.weights,
        "left_out": notes,
        "members": list(ensemble.members),
        "files": rows,
        "provenance": provenance(command, device="cpu float32"),
        "torch": torch.__version__,
    }
    write_json(runs.exported("export.json"), facts)
    return facts


def _describe_inputs(settings: Experiment, members: Sequence[str]) -> list[dict]:
    """The ensemble's inputs: crops of each way in which its members' faces are cut."""
    names = {name: crop for name, crop in crop_names(settings).items() if name in members}
    described = []
    for name, recipe in crop_recipes(settings, names).items():
        shape = ["num", recipe.size, recipe.size, 3]
        row = {"name": name, "type": "uint8", "order": "RGB", "shape": shape}
        described.append({**row, **asdict(recipe)})
    return described


def _write(
    runs: Runs,
    name: str,
    model: "MemberModel | EnsembleModel",
    crops: list[np.ndarray],
    formats: list[str],
    *,
    expected: list[np.ndarray] | None,
) -> list[dict]:
    """Writes a model's files; a row of facts for each. `expected` are its outputs for the crops,
    the model's own where not given. Raises ValueError for a file that answers otherwise."""
    import torch

    from pipeline.features.export.formats import load_model, save_models, seconds_of

    def eager(some: Sequence[np.ndarray]) -> list[np.ndarray]:
        with torch.inference_mode():
            return [out.numpy() for out in model(*map(torch.from_numpy, some))]

    shapes = {}
    for each, some in zip(model.inputs, crops, strict=True):
        shapes[each] = f"uint8 ({', '.join(['num', *map(str, some.shape[1:])])}) RGB"
    note = json.dumps({"inputs": shapes, "outputs": model.names})
    wanted = eager(crops) if expected is None else expected
    against = "its network in torch" if expected is None else "infer"
    plain = seconds_of(eager, crops)
    rows = []
    paths = [runs.exported(f"{name}.{ending}") for ending in formats]
    num_crops = len(crops[0])
    for path in save_models(model, paths, [some[:3] for some in crops], facts=note):
        run = load_model(path)
        apart = max(
            _apart(run([some[:n] for some in crops]), [w[:n] for w in wanted])
            for n in (1, num_crops)
        )
        if not apart <= APART:
            raise ValueError(
                f"{display_path(path)}: {apart:.2g} from {against} on the same crops; not used"
            )
        rows.append(
            {
                "file": display_path(path),
                "name": path.name,
                "megabytes": path.stat().st_size / 1e6,
                "apart": apart,
                "against": against,
                "crops": num_crops,
                "speed": plain / seconds_of(run, crops),
            }
        )
    return rows


def _apart(found: list[np.ndarray], wanted: list[np.ndarray]) -> float:
    """The largest difference; of values relative to their size."""
    return max(
        float((np.abs(a - b) / np.maximum(1.0, np.abs(b))).max()) if len(a) else math.inf
        for a, b in zip(found, wanted, strict=True)
    )


def _different(crops: np.ndarray, *, num: int) -> np.ndarray:
    """Some crops from the whole store, at least three: a graph of one might know only one."""
    rows = np.linspace(0, len(crops) - 1, num).astype(int)
    return np.stack([crops[row] for row in rows])
