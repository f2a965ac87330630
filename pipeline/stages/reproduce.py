"""reproduce: a submission made again from its record, from the pictures on, and compared by bytes.

It works in a folder of its own below `runs/reproduced/`, so nothing of the first run is used or
touched; interrupted, the same command goes on.
"""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.config import Experiment, read_settings
from pipeline.runs import Runs, hold, provenance, read_json, shown
from pipeline.stages import STAGES, Work, plan_stages
from pipeline.stages.progress import is_done
from pipeline.stages.submitting.records import file_hash

NEEDS = ("settings", "fixes", "sha256", "method", "provenance")


def check(work: Work) -> None:
    """Raises ValueError without the name of one record that says all that is needed."""
    if len(work.words) != 1:
        raise ValueError("reproduce takes one record, as in ./run.sh reproduce submissions/x.json")
    path, record = read_record(work)
    if record["fixes"] != _made_again(work, path, record).fixes_digest:
        raise ValueError(f"{path}: its fixes of the labels are not those of today")


def run(work: Work) -> None:
    """Raises ValueError when the bytes are others, with what differs between then and now."""
    path, record = read_record(work)
    runs = _made_again(work, path, record)
    settings = _settings(work, path, record)
    command = shlex.join(work.command)
    again = replace(work, settings=settings, runs=runs, words=(), options={})
    stage, made = "infer", runs.submission
    if record["method"] == "stack":
        stage, made = "stack", runs.stacked
    with hold(runs.lock("train"), command=command):
        for name in plan_stages([stage]):
            if not is_done(again, name):
                print(f"reproduce: {name}")
                STAGES[name].module.run(again)
    found, wanted = file_hash(made), record["sha256"]
    if found == wanted:
        print(f"reproduce: the same bytes, sha256 {wanted[:12]}…, in {shown(made)}")
        return
    then, now = record["provenance"], provenance(work.command, device=settings.device)
    raise ValueError(
        f"{shown(made)} has other bytes than {path} tells of (sha256 {found[:12]}…, it was "
        f"{wanted[:12]}…); between then and now: {'; '.join(differences(then, now)) or 'nothing'}"
    )


def read_record(work: Work) -> tuple[Path, dict[str, Any]]:
    """The record's path and content. Raises ValueError for a file that is none."""
    path = Path(work.words[0])
    path = path.with_suffix(".json") if path.suffix in (".csv", ".txt") else path
    if not path.is_file():
        raise ValueError(f"no file {path}; reproduce takes the .json beside a submission")
    record = read_json(path)
    lacking = [key for key in NEEDS if not isinstance(record, dict) or key not in record]
    if lacking:
        raise ValueError(f"{path}: not a submission's record, or an old one: no {lacking[0]!r}")
    return path, record


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What is not as it was, in words: code, interpreter, machine, device, packages."""
    said = [
        f"{key} was {then.get(key)}, is {now.get(key)}"
        for key in ("git", "python", "machine")
        if then.get(key) != now.get(key)
    ]
    if then.get("git_dirty"):
        said.append("the code had changes that were not committed")
    old, new = then.get("packages", {}), now["packages"]
    said += [
        f"{name} was {old[name]}, is {new.get(name, 'not there')}"
        for name in old
        if old[name] != new.get(name)
    ]
    return said


def _settings(work: Work, path: Path, record: dict[str, Any]) -> Experiment:
    """The settings of then; only where the pictures lie and what computes may be others."""
    raw = dict(record["settings"])
    if "root" in work.options:
        raw["competition"] = {**raw["competition"], "root": work.options["root"]}
    raw["device"] = work.options.get("device", raw["device"])
    folder = f"reproduced/{record['sha256'][:12]}"
    raw["runs"] = str(work.runs.of_experiment(folder) / "runs")
    raw["submissions"] = str(work.runs.of_experiment(folder) / "submissions")
    return read_settings(raw, name=str(path))


def _made_again(work: Work, path: Path, record: dict[str, Any]) -> Runs:
    return Runs(_settings(work, path, record))
