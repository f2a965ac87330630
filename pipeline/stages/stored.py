"""Whether a run's folder was made with the settings that are asked for, and what may differ."""

from pipeline.config import load_settings
from pipeline.runs import Runs, read_json, shown
from pipeline.stages import Work

SAFE_TO_CHANGE = (
    "ensemble",
    "pool",
    "compare",
    "stack",
    "infer",
    "transfer",
    "tune",
    "audit",
    "device",
    "precision",
    "workers",
    "parallel",
    "cells_per_device",
    "cluster",
    "cluster_folders",
    "bootstrap",
    "track",
    "runs",
    "submissions",
)


def check_stored(work: Work) -> None:
    """Raises ValueError when the run's folder was made with other settings than those asked for."""
    if not work.runs.settings.exists():
        return
    stored = load_settings(work.runs.settings).model_dump(mode="json")
    asked = work.settings.model_dump(mode="json")
    was = Runs(load_settings(work.runs.settings)).root
    moved = was != work.runs.root
    if not moved:  # the same folder, typed in another way
        asked["competition"]["root"] = stored["competition"]["root"]
    differ = [
        line
        for key in asked
        if key not in SAFE_TO_CHANGE
        for line in _differences(stored.get(key), asked[key], key)
    ]
    if differ:
        folder = shown(work.runs.experiment)
        raise ValueError(
            "\n".join(f"{folder} was made with other settings: {line}" for line in differ)
            + f"\ncopy the config to a new name, or remove {_to_remove(work)} to start over"
            + (f"\nthe same data in a new place: ln -s {work.runs.root} {was}" if moved else "")
        )
    _check_fixes(work)


def _check_fixes(work: Work) -> None:
    """Raises ValueError when the run was trained before its file of fixes was edited."""
    if work.runs.fixes is None or not work.runs.provenance.exists():
        return
    for run in read_json(work.runs.provenance)["runs"]:
        if run.get("fixes") != work.runs.fixes_digest:
            folder, fixes = shown(work.runs.experiment), shown(work.runs.fixes)
            raise ValueError(
                f"{folder} was trained before {fixes} was changed, so its labels are others\n"
                f"copy the config to a new name, or remove {_to_remove(work)} to start over"
            )


def _to_remove(work: Work) -> str:
    """What is in the way of a fresh start, but not the contest's crops, which may lie beside it."""
    runs = work.runs
    if runs.images.parent.parent != runs.experiment:
        return shown(runs.experiment)
    members = (runs.experiment / name for name in load_settings(runs.settings).members)
    return " ".join(shown(path) for path in (runs.settings, runs.provenance, *members))


def say_left_out(work: Work) -> None:
    """Says which members were trained, by an earlier command, and are not in this one."""
    if not work.runs.settings.exists():
        return
    left = load_settings(work.runs.settings).members.keys() - work.settings.members.keys()
    if left:
        print(
            f"{shown(work.runs.experiment)} also holds {', '.join(sorted(left))}, which this "
            "command leaves out: members are those of the config and of the words typed with it"
        )


def _differences(stored: object, asked: object, key: str) -> list[str]:
    """Where two settings differ, one line each; new members, folds, answer files are none."""
    if key in ("competition.submission", "folds.train"):
        return []
    if isinstance(stored, dict) and isinstance(asked, dict):
        names = dict.fromkeys([*asked, *stored])
        if key == "members":
            names = [name for name in names if name in asked and name in stored]
        return [
            line
            for name in names
            for line in _differences(stored.get(name), asked.get(name), f"{key}.{name}")
        ]
    return [] if stored == asked else [f"{key} was {stored!r}, asked for is {asked!r}"]
