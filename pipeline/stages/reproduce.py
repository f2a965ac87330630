"""reproduce: a submission made again from its record, from the images on, and compared by bytes.

It works in a folder of its own below `runs/reproduced/`, so nothing of the first run is used or
touched; interrupted, the same command goes on.
"""

import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.config import fingerprint_of, read_settings
from pipeline.experiment.work import Work
from pipeline.leaderboard.ledger import data_digests, file_hash
from pipeline.stages import STAGES, plan_stages
from pipeline.stages.registry import is_done
from pipeline.storage import Runs, display_path, hold_lock, provenance, read_json

NEEDS = ("settings", "fixes", "sha256", "method", "provenance")
MADE_OF = {"images": "label tables or images", "crops": "crops", "folds": "folds"}


def check(work: Work) -> None:
    """Raises ValueError without the name of one record that says all that is needed."""
    if len(work.words) != 1:
        raise ValueError("reproduce takes one record, as in ./run.sh reproduce submissions/x.json")
    path, record = read_record(work)
    again = _made_again(work, path, record)
    if record["fixes"] != again.runs.fixes_digest:
        raise ValueError(f"{path}: its fixes of the labels are not those of today")
    for name in plan_stages([_last_stage(record)]):
        if not is_done(again, name) and hasattr(STAGES[name].module, "check"):
            STAGES[name].module.check(again)


def run(work: Work) -> None:
    """Raises ValueError when the bytes are others, with what differs between then and now."""
    path, record = read_record(work)
    again, stage = _made_again(work, path, record), _last_stage(record)
    runs, settings = again.runs, again.settings
    made = runs.stacked if stage == "stack" else runs.submission
    with hold_lock(runs.lock("train"), command=shlex.join(work.command)):
        for name in plan_stages([stage]):
            if not is_done(again, name):
                print(f"reproduce: {name}")
                STAGES[name].module.run(again)
            if name == "index" and "images" in _other_data(again, record):
                runs.images.unlink()  # read anew by the next try, when they may be as they were
                raise ValueError(
                    f"{path}: the {MADE_OF['images']} below {runs.root} are not those that it was "
                    "made from; root=/another/folder names a copy that is as it was"
                )
            if name == "split" and runs.fixes and "folds" in _other_data(again, record):
                _split_as_before_fixes(again)
    found, wanted = file_hash(made), record["sha256"]
    if found == wanted:
        print(f"reproduce: the same bytes, sha256 {wanted[:12]}…, in {display_path(made)}")
        return
    now = provenance(work.command, device=settings.device)
    changes = differences(record["provenance"], now)
    changes += [f"the {MADE_OF[name]} are others" for name in _other_data(again, record)]
    raise ValueError(
        f"{display_path(made)} has other bytes than {path} tells of (sha256 {found[:12]}…, it was "
        f"{wanted[:12]}…); between then and now: {'; '.join(changes) or 'nothing'}\n"
        f"to try again from the images on, remove {display_path(runs.folder.parent)}"
    )


def read_record(work: Work) -> tuple[Path, dict[str, Any]]:
    """The record's path and content. Raises ValueError for a file that is none."""
    path = Path(work.words[0])
    path = path.with_suffix(".json") if path.suffix in (".csv", ".txt") else path
    if not path.is_file():
        raise ValueError(f"no file {path}; reproduce takes the .json beside a submission")
    record = read_json(path)
    if isinstance(record, dict) and "test" in record:
        raise ValueError(
            f"{path}: answers to other test images, which reproduce does not make again; ./run.sh "
            f"infer test={record['test']} does, with the trained cells"
        )
    lacking = [key for key in NEEDS if not isinstance(record, dict) or key not in record]
    if lacking:
        raise ValueError(
            f"{path}: not a submission's record, or one of an older form, which does not hold all "
            f"that is needed: no {lacking[0]!r}; the same experiment run again writes a whole one"
        )
    for key in ("settings", "provenance", "sha256", "data"):
        if not _is_sound(key, record):
            raise ValueError(f"{path}: its {key!r} is not what ensemble and stack write there")
    return path, record


def _is_sound(key: str, record: dict[str, Any]) -> bool:
    """Whether a key of the record has the form in which ensemble and stack write it."""
    value = record.get(key, {})
    if key == "sha256":
        return re.fullmatch("[0-9a-f]{64}", str(value)) is not None
    if key == "settings":
        return isinstance(value, dict) and isinstance(value.get("competition"), dict)
    if key == "provenance":
        return isinstance(value, dict) and isinstance(value.get("packages", {}), dict)
    return isinstance(value, dict)


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """What is not as it was, in words: code, interpreter, machine, device, packages."""
    changes = []
    for key in ("git", "python", "machine"):
        if then.get(key) != now.get(key):
            changes.append(f"{key} was {then.get(key)}, is {now.get(key)}")
    if then.get("git_dirty"):
        changes.append("the code had changes that were not committed")
    packages = now["packages"]
    for name, version in then.get("packages", {}).items():
        if version != packages.get(name):
            changes.append(f"{name} was {version}, is {packages.get(name, 'not there')}")
    return changes


def _last_stage(record: dict[str, Any]) -> str:
    return "stack" if record["method"] == "stack" else "infer"


def _other_data(again: Work, record: dict[str, Any]) -> list[str]:
    """Which data are not as they were when the submission was made; older records tell of none."""
    then = record.get("data", {})
    now = data_digests(again.runs)
    return [name for name in MADE_OF if name in then and now.get(name, then[name]) != then[name]]


def _split_as_before_fixes(again: Work) -> None:
    """Makes the folds of the labels without their fixes, and from them those with.

    Fixes that came after a first split left people in their folds.
    """
    contest = again.settings.competition.model_copy(update={"fixes": None})
    settings = again.settings.model_copy(update={"competition": contest})
    before = replace(again, settings=settings, runs=Runs(settings))
    for name in plan_stages(["split"]):
        if not is_done(before, name):
            STAGES[name].module.run(before)
    again.runs.folds.unlink()
    STAGES["split"].module.run(again)


def _made_again(work: Work, path: Path, record: dict[str, Any]) -> Work:
    """The work of then in a folder of its own; only `root` and `device` may be others."""
    raw = dict(record["settings"])
    if "root" in work.options:
        raw["competition"] = {**raw["competition"], "root": work.options["root"]}
    raw["device"] = work.options.get("device", raw.get("device", "auto"))
    # by the settings: two experiments may give the same answers, and each is trained anew
    folder = work.runs.of_experiment(f"reproduced/{fingerprint_of(raw)}")
    raw |= {"runs": str(folder / "runs"), "submissions": str(folder / "submissions")}
    settings = read_settings(raw, name=str(path))
    return replace(work, settings=settings, runs=Runs(settings), words=(), options={})
