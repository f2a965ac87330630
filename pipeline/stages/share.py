"""share: a folder that runs as it is, ready for the Hugging Face Hub: card, weights, ONNX, page."""

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.config import Experiment
from pipeline.console.installation import COMMAND
from pipeline.console.requirements import say_program
from pipeline.experiment.cells import answering_cells, used_members
from pipeline.experiment.work import Work
from pipeline.features.export.hub_folder import copy_code, copy_models, read_requirements
from pipeline.features.export.write_models import check_export_packages, export_models
from pipeline.inference.choice import missing_weights
from pipeline.stages.status import say_untrained
from pipeline.storage import Runs, display_path, read_json, write_text


def check(work: Work) -> None:
    """Raises ValueError where a package is missing, or a push that can't be."""
    check_export_packages(["onnx"])
    name = work.options.get("push")
    if name is not None and (name.count("/") != 1 or not all(name.split("/"))):
        raise ValueError(f"share: push={name} must be USER/NAME, as push=somebody/faces")
    if name is not None and _token() is None:
        raise ValueError(
            "share: no token of the Hugging Face Hub here; first "
            f"`{say_program('hf')} auth login`, or set HF_TOKEN"
        )
    say_untrained(work, "share")


def run(work: Work) -> None:
    """Writes the folder, exporting first where that is to do, and pushes it where asked."""
    from pipeline.features.export.model_card import write_card

    gone = missing_weights(work.settings, work.runs, used_members(work.settings))
    if gone:
        raise ValueError(
            f"share: {gone} is not there; first {COMMAND} train {work.settings.as_typed}"
        )
    facts = _read_export(work.settings, work.runs, command=work.command)
    copy_models(work.settings, work.runs, facts)
    copy_code(work.runs)
    write_text(work.runs.shared("requirements.txt"), "\n".join(read_requirements()) + "\n")
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
        print(
            f"share: nothing was sent; {COMMAND} share {work.settings.as_typed} push=USER/NAME "
            "sends it"
        )


def _read_export(settings: Experiment, runs: Runs, *, command: list[str]) -> dict:
    """What export wrote of these members, blend and views; made now where it is not there."""
    stored = runs.exported("export.json")
    if stored.exists() and runs.exported("ensemble.onnx").exists():
        facts = read_json(stored)
        newest = max(
            runs.weights(cell).stat().st_mtime
            for name in used_members(settings)
            for cell in answering_cells(settings, name)
        )
        if _is_same(settings, runs, facts) and stored.stat().st_mtime > newest:
            return facts
    print("share: export is done first")
    return export_models(settings, runs, ["onnx"], command=command, alone=False)


def _is_same(settings: Experiment, runs: Runs, facts: Mapping[str, Any]) -> bool:
    """Whether an export answers as these settings do."""
    from pipeline.inference.ensemble_spec import choose_ensemble

    spec = choose_ensemble(settings, runs, "ensemble")
    ensemble = spec.settings.ensemble
    wanted = {
        "members": list(spec.members),
        "views": list(settings.tta),
        "method": ensemble.method,
        "weights": ensemble.weights,
        "readings": json.loads(json.dumps([each.as_dict() for each in spec.readings])),
    }
    same = all(facts.get(key) == value for key, value in wanted.items())
    return same and "left_out" in facts and "inputs" in facts


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
