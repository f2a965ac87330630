"""What a run's folder was made with: recorded, compared with what is asked for, what may differ."""

import os
from collections.abc import Mapping
from pathlib import Path

from pipeline.config import Competition, Experiment, load_settings, write_settings
from pipeline.storage import (
    Runs,
    below_project,
    display_path,
    provenance,
    read_json,
    write_json,
    write_text,
)
from pipeline.storage.digests import file_sha256

SAFE_TO_CHANGE = (
    "ensemble",
    "pool",
    "compare",
    "stack",
    "infer",
    "tta",
    "transfer",
    "tune",
    "audit",
    "device",
    "precision",
    "compile",
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
MAY_DIFFER = (  # keys inside of others
    "competition.submission",
    "competition.missing_test",
    "competition.answer.pooling",
    "folds.train",
)


def record_run(settings: Experiment, runs: Runs, *, command: list[str], device: str) -> None:
    """Writes what the run is made from, before the first batch; later commands are added to it.

    `device` is what it is trained on, in words.
    """
    every = _trained(runs)
    members = {**(every.members if every is not None else {}), **settings.members}
    write_text(runs.trained, write_settings(settings.model_copy(update={"members": members})))
    record_asked(settings, runs)
    facts = provenance(command, device=device)
    facts["fixes"] = runs.fixes_digest
    facts["tables"] = read_json(runs.tables) if runs.tables.exists() else None
    earlier = read_json(runs.provenance)["runs"] if runs.provenance.exists() else []
    write_json(runs.provenance, {"runs": [*earlier, facts]})


def record_asked(settings: Experiment, runs: Runs) -> None:
    """Writes the settings that the experiment answers by now: what is asked by its name later
    (compare, demo, report) is asked of the same members, ensemble and views."""
    text = write_settings(settings)
    if not runs.settings.exists() or runs.settings.read_text(encoding="utf-8") != text:
        write_text(runs.settings, text)


def check_settings(settings: Experiment, runs: Runs) -> None:
    """Raises ValueError when the run's folder was made with other settings than those asked for, or
    its index of tables that were edited since; also where a folder can't be."""
    _check_folders(runs)
    tables = table_digests(settings.competition, runs.root)
    _check_tables(runs, tables)
    made = _trained(runs)
    if made is None:
        return
    stored = made.model_dump(mode="json")
    asked = settings.model_dump(mode="json")
    was = Runs(made).root
    moved = was != runs.root
    if not moved:  # the same folder, typed in another way
        asked["competition"]["root"] = stored["competition"]["root"]
    differ = [
        line
        for key in asked
        if key not in SAFE_TO_CHANGE
        for line in _differences(stored.get(key), asked[key], key)
    ]
    if differ:
        folder = display_path(runs.experiment)
        raise ValueError(
            "\n".join(f"{folder} was made with other settings: {line}" for line in differ)
            + f"\n{_say_way_out(runs)}"
            + (f"\nthe same data in a new place: ln -s {runs.root} {was}" if moved else "")
        )
    _check_labels(runs, tables)


def _check_labels(runs: Runs, tables: Mapping[str, str]) -> None:
    """Raises ValueError when the run was trained before its file of fixes was edited, or a table of
    labels, of which another experiment may have made the index again."""
    if not runs.provenance.exists():
        return
    for run in read_json(runs.provenance)["runs"]:
        changed = [runs.root / name for name in _changed(run.get("tables") or {}, tables)]
        if runs.fixes is not None and run.get("fixes") != runs.fixes_digest:
            changed.append(runs.fixes)
        if changed:
            raise ValueError(
                f"{display_path(runs.experiment)} was trained before "
                f"{display_path(changed[0])} was changed, so "
                "its labels or images are others\n"
                f"copy the config to a new name, or remove {_to_remove(runs)} to start over"
            )


def table_digests(contest: Competition, root: Path) -> dict[str, str]:
    """The sha256 of the tables that are there, of the contest and its other data, by their path
    seen from root."""
    from pipeline.labels.layouts.locate import list_tables

    files = list_tables(contest.layout, root, options=contest.layout_options)
    for source in contest.extra:
        files += list_tables(
            source.layout, below_project(source.root), options=source.layout_options
        )
    return {os.path.relpath(file, root): file_sha256(file) for file in files}


def _changed(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The tables that are not what they were, of those that are there."""
    return [name for name, found in now.items() if then.get(name, found) != found]


def _check_tables(runs: Runs, tables: Mapping[str, str]) -> None:
    """Raises ValueError when a table of labels was edited after the index was made of it: what is
    done would be of other labels than what follows."""
    if not (runs.images.exists() and runs.tables.exists()):
        return
    changed = _changed(read_json(runs.tables), tables)
    if changed:
        made = [runs.images, runs.faces, *runs.crop_stores, runs.folds]
        folders = [display_path(path.parent) for path in made if path.parent.exists()]
        again = [_to_remove(runs)] if runs.settings.exists() else []
        raise ValueError(
            f"{runs.root / changed[0]} was changed after it was read into "
            f"{display_path(runs.images)}; undo the change and mend labels with "
            f"competition.fixes, or remove "
            f"{' '.join([*folders, *again])} to start over"
        )


def _check_folders(runs: Runs) -> None:
    """Raises ValueError for runs= or submissions= that name a file, or lie below one."""
    for key, folder in (("runs", runs.folder), ("submissions", runs.submissions)):
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not there.is_dir():
            raise ValueError(f"{key}: {there} is a file, needed is a folder")


def _say_way_out(runs: Runs) -> str:
    """What to do where the folder was made with other settings than those asked for."""
    if runs.auto_config.exists():
        return (
            f"auto made it: -c {display_path(runs.auto_config)} goes on with what it kept; other "
            "settings need a copy of the config under a new name"
        )
    return f"copy the config to a new name, or remove {_to_remove(runs)} to start over"


def _to_remove(runs: Runs) -> str:
    """What is in the way of a fresh start, but not the contest's crops, which may lie beside it."""
    if runs.images.parent.parent != runs.experiment:
        return display_path(runs.experiment)
    made = _trained(runs)
    files = [path for path in (runs.settings, runs.trained, runs.provenance) if path.exists()]
    members = [runs.experiment / name for name in (made.members if made is not None else ())]
    return " ".join(display_path(path) for path in (*files, *members))


def _trained(runs: Runs) -> Experiment | None:
    """All members that were trained in the folder, with what else they were trained by; None where
    nothing was. A folder of an earlier version, or of a bundle, has the last settings only."""
    for path in (runs.trained, runs.settings):
        if path.exists():
            return load_settings(path)
    return None


def say_left_out(settings: Experiment, runs: Runs) -> None:
    """Says which members were trained, by an earlier command, and are not in this one."""
    made = _trained(runs)
    left = made.members.keys() - settings.members.keys() if made is not None else set()
    if left:
        print(
            f"{display_path(runs.experiment)} also holds {', '.join(sorted(left))}, which "
            "this command leaves out: members are those of the config and of the words typed "
            "with it"
        )


def _differences(stored: object, asked: object, key: str) -> list[str]:
    """Where two settings differ, one line each; new members, folds, answer files are none, nor how
    many test images may be missing, nor how predictions of several images become one."""
    if key in MAY_DIFFER:
        return []
    if isinstance(stored, dict) and isinstance(asked, dict):
        names = list(dict.fromkeys([*asked, *stored]))
        if key == "members":
            names = [name for name in names if name in asked and name in stored]
        return [
            line
            for name in names
            for line in _differences(stored.get(name), asked.get(name), f"{key}.{name}")
        ]
    return [] if stored == asked else [f"{key} was {stored!r}, asked for is {asked!r}"]
