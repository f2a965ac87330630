"""share: a folder that runs as it is, ready for the Hugging Face Hub: card, weights, ONNX, page."""

import importlib.util
import json
import shutil
from pathlib import Path

from pipeline.experiment.cells import answering_cells, used_members
from pipeline.experiment.work import Work
from pipeline.features.export.write_models import check_packages, export_models
from pipeline.inference.choice import missing_weights
from pipeline.stages.status import say_untrained
from pipeline.storage import PROJECT, atomic_write, display_path, read_json, write_json, write_text

APP = PROJECT / "pipeline/features/export/hub_app.py"
REQUIREMENTS = ("numpy", "pillow", "opencv-python-headless")
PINNED = (("requirements.txt", REQUIREMENTS), ("requirements-export.txt", ("onnxruntime",)))


def check(work: Work) -> None:
    """Raises ValueError where a package is missing, or a push that can't be."""
    check_packages(["onnx"])
    name = work.options.get("push")
    if name is not None and (name.count("/") != 1 or not all(name.split("/"))):
        raise ValueError(f"share: push={name} must be USER/NAME, as push=somebody/faces")
    if name is not None and _token() is None:
        raise ValueError(
            "share: no token of the Hugging Face Hub here; first `.venv/bin/hf auth login`, or "
            "set HF_TOKEN"
        )
    say_untrained(work, "share")


def run(work: Work) -> None:
    from pipeline.features.export.model_card import write_card

    gone = missing_weights(work.settings, work.runs, used_members(work.settings))
    if gone:
        raise ValueError(f"share: {gone} is not there; first ./run.sh train")
    facts = _read_export(work)
    _copy_models(work, facts)
    _copy_code(work)
    write_text(work.runs.shared("requirements.txt"), "\n".join(_requirements()) + "\n")
    write_text(work.runs.shared("README.md"), write_card(work.settings, work.runs, facts))
    folder = work.runs.shared("README.md").parent
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    print(
        f"share: wrote {display_path(folder)}, {size:.0f} MB; try it: cd "
        f"{display_path(folder)} && python app.py"
    )
    if "push" in work.options:
        _push(folder, work.options["push"])
    else:
        name = work.settings.name
        print(f"share: nothing was sent; ./run.sh share -c {name} push=USER/NAME sends it")


def _read_export(work: Work) -> dict:
    """What export wrote of these members, blend and views; made now where it is not there."""
    stored = work.runs.exported("export.json")
    if stored.exists() and work.runs.exported("ensemble.onnx").exists():
        facts = read_json(stored)
        newest = max(
            work.runs.weights(cell).stat().st_mtime
            for name in used_members(work.settings)
            for cell in answering_cells(work.settings, name)
        )
        if _is_same(work, facts) and stored.stat().st_mtime > newest:
            return facts
    print("share: export is done first")
    return export_models(work.settings, work.runs, ["onnx"], command=work.command, alone=False)


def _is_same(work: Work, facts: dict) -> bool:
    """Whether an export answers as these settings do."""
    from pipeline.inference.ensemble_spec import choose_ensemble

    spec = choose_ensemble(work.settings, work.runs, "ensemble")
    ensemble = spec.settings.ensemble
    wanted = {
        "members": list(spec.members),
        "views": list(work.settings.tta),
        "method": ensemble.method,
        "weights": ensemble.weights,
        "readings": json.loads(json.dumps([each.as_dict() for each in spec.readings])),
    }
    same = all(facts.get(key) == value for key, value in wanted.items())
    return same and "left_out" in facts


def _copy_models(work: Work, facts: dict) -> None:
    from pipeline.inference.ensemble_spec import FINE

    _copy(work.runs.exported("ensemble.onnx"), work.runs.shared("ensemble.onnx"))
    if work.settings.crop.faces == "detect":
        _write_detector(work)
    _clear(work.runs.shared("weights"))  # an earlier share may have had other members
    for name in used_members(work.settings):
        for cell in answering_cells(work.settings, name):
            _copy(work.runs.weights(cell), work.runs.shared(f"weights/{cell.name}.safetensors"))
    kept = ("input", "readings", "crop", "views", "method", "members")
    config = {"name": work.settings.name, "fine_face": FINE}
    config |= {key: facts[key] for key in kept}
    config["settings"] = _without_places(work.settings.model_dump(mode="json"))
    write_json(work.runs.shared("config.json"), config)


def _without_places(settings: dict) -> dict:
    """The settings without where things lie on this machine."""
    contest = {**settings["competition"], "root": "data"}
    places = {"runs": "runs", "submissions": "submissions", "cluster": None}
    return {**settings, **places, "competition": contest}


def _write_detector(work: Work) -> None:
    """The detector's three nets, taken once as ONNX with any number and size of images."""
    from pipeline.features.export.formats import save_detector

    for name, model in save_detector():
        with atomic_write(work.runs.shared(f"{name}.onnx")) as temporary:
            model.save(str(temporary), external_data=False)


def _copy_code(work: Work) -> None:
    """The rooms that the page needs, and the page."""
    from pipeline.features.export.bundle_code import files_needed

    target = work.runs.shared("pipeline")
    _clear(target)
    for path in files_needed(APP):
        _copy(path, target / path.relative_to(PROJECT / "pipeline"))
    _copy(APP, work.runs.shared("app.py"))
    _copy(PROJECT / "LICENSE", work.runs.shared("LICENSE"))


def _clear(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _copy(source: Path, target: Path) -> None:
    with atomic_write(target) as temporary:
        shutil.copyfile(source, temporary)


def _requirements() -> list[str]:
    """The versions of this project for what the page needs; gradio brings the rest."""
    found = []
    for file, names in PINNED:
        for line in (PROJECT / file).read_text(encoding="utf-8").splitlines():
            pin = line.split("#")[0].strip()
            if pin.partition("==")[0] in names:
                found.append("pillow<13" if pin.startswith("pillow") else pin)
    return [*found, "gradio==6.31.0"]


def _token() -> str | None:
    if importlib.util.find_spec("huggingface_hub") is None:
        return None
    from huggingface_hub import get_token

    return get_token()


def _push(folder: Path, name: str) -> None:
    from huggingface_hub import HfApi

    hub = HfApi()
    hub.create_repo(name, private=True, exist_ok=True)
    hub.upload_folder(folder_path=str(folder), repo_id=name)
    print(f"share: sent to https://huggingface.co/{name}, private until you change that there")
