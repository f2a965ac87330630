"""Writes every member and the ensemble as files, each checked against what infer says."""

import importlib.util
import json
import math
from dataclasses import replace

import numpy as np

from pipeline.console import follow
from pipeline.experiment.cells import used_members
from pipeline.experiment.work import Work
from pipeline.inference.choice import is_stacked, left_out, missing_weights
from pipeline.storage import display_path, provenance, write_json

NEEDED = ("onnx", "onnxruntime", "onnxscript")
APART = 1e-4  # probabilities further apart than that are another model
NUM = 8  # crops that every file is checked on


def check_packages(formats: list[str]) -> None:
    """Raises ValueError that says what to install."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing and "onnx" in formats:
        raise ValueError(
            f"export needs {', '.join(missing)}: .venv/bin/pip install -r requirements-export.txt "
            "(formats=pt2,pt needs none)"
        )


def export_models(work: Work, formats: list[str], *, alone: bool = True) -> dict:
    """Writes all files and export.json, and gives what that holds; `alone`: each member too."""
    import torch

    from pipeline.faces.crop_store import open_crops
    from pipeline.features.export.formats import ensemble_model, member_model
    from pipeline.inference.ensemble_spec import choose_ensemble
    from pipeline.inference.face_predictor import FacePredictor

    cpu = work.settings.model_copy(update={"device": "cpu", "precision": "float32"})
    work = replace(work, settings=cpu)
    size, used = work.settings.crop.size, used_members(work.settings)
    crops = _different(open_crops(work.runs.crops), num=NUM)
    whole = not missing_weights(work.settings, work.runs, used)
    names = [
        name
        for name in work.settings.members
        if not missing_weights(work.settings, work.runs, [name])
    ]
    jobs, ensemble = [], choose_ensemble(work.settings, work.runs, "ensemble")
    notes = left_out(work.settings, work.runs)
    if is_stacked(work.settings, work.runs):
        notes.append(
            "what stack kept is not in these files: they answer as the plain "
            f"{ensemble.settings.ensemble.method}; ./run.sh predict by=stack has it"
        )
    for note in notes:
        print(f"export: {note}")
    models = {name: member_model(work.settings, work.runs, name) for name in names}
    if whole:
        jobs.append(("ensemble", ensemble_model(ensemble, models), ensemble.readings))
    for name in names if alone else ():
        jobs.append((name, models[name], None))
    rows, outputs = [], {}
    for name, model, readings in follow(jobs, desc="export", unit="models"):
        expected = None
        if readings is not None:
            said, _ = FacePredictor(work.settings, work.runs).answer(crops)
            expected = [said[output] for output in model.names]
        outputs[name] = model.names
        note = json.dumps({"input": f"uint8 (num, {size}, {size}, 3) RGB", "outputs": model.names})
        rows += _write(work, name, model, crops, formats, expected=expected, note=note)
    settings = work.settings
    facts = {
        "experiment": settings.name,
        "input": {
            "name": "crops",
            "type": "uint8",
            "shape": ["num", size, size, 3],
            "order": "RGB",
        },
        "outputs": outputs,
        "readings": [reading.as_dict() for reading in ensemble.readings],
        "crop": settings.crop.model_dump(mode="json"),
        "views": list(settings.tta),
        "method": ensemble.settings.ensemble.method,
        "weights": ensemble.settings.ensemble.weights,
        "left_out": notes,
        "members": list(ensemble.members),
        "files": rows,
        "provenance": provenance(work.command, device="cpu float32"),
        "torch": torch.__version__,
    }
    write_json(work.runs.exported("export.json"), facts)
    return facts


def _write(
    work: Work, name: str, model, crops: np.ndarray, formats: list[str], *, expected, note: str
) -> list[dict]:
    """The rows of a model's files. Raises ValueError where one says something else."""
    import torch

    from pipeline.features.export.formats import load_model, save_models, seconds_of

    def eager(some: np.ndarray) -> list[np.ndarray]:
        with torch.inference_mode():
            return [out.numpy() for out in model(torch.from_numpy(some))]

    wanted = eager(crops) if expected is None else expected
    plain, rows = seconds_of(eager, crops), []
    paths = [work.runs.exported(f"{name}.{ending}") for ending in formats]
    for path in save_models(model, paths, crops[:3], names=model.names, facts=note):
        run = load_model(path)
        apart = max(_apart(run(crops[:n]), [w[:n] for w in wanted]) for n in (1, len(crops)))
        if not apart <= APART:
            raise ValueError(
                f"{display_path(path)}: {apart:.2g} from infer on the same crops; not used"
            )
        rows.append(
            {
                "file": display_path(path),
                "name": path.name,
                "megabytes": path.stat().st_size / 1e6,
                "apart": apart,
                "crops": len(crops),
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
