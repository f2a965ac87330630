"""reproduce: a submission made again from its record, from the images on, and compared by bytes.

It works in a folder of its own below `runs/reproduced/`, so nothing of the first run is used or
touched; interrupted, the same command goes on.
"""

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.config import fingerprint_of, read_settings
from pipeline.console.installation import COMMAND
from pipeline.experiment.work import Work
from pipeline.leaderboard.ledger import data_digests
from pipeline.leaderboard.submission_record import differences, read_submission_record
from pipeline.stages import STAGES, plan_stages
from pipeline.stages.registry import is_done
from pipeline.storage import Runs, display_path, hold_lock, provenance
from pipeline.storage.digests import file_sha256

MADE_OF = {"images": "label tables or images", "crops": "crops", "folds": "folds"}


def check(work: Work) -> None:
    """Raises ValueError without the name of one record that says all that is needed."""
    if len(work.words) != 1:
        raise ValueError(
            f"reproduce takes one record, as in {COMMAND} reproduce submissions/x.json"
        )
    path, record = read_submission_record(work.words[0])
    again = _made_again(work, path, record)
    if record["fixes"] != again.runs.fixes_digest:
        raise ValueError(f"{path}: its fixes of the labels are not those of today")
    if "test" in record and not Path(record["test"]).exists():
        raise ValueError(
            f"{path}: it answers the test images in {record['test']}, which is not there any more"
        )
    for name in plan_stages([_last_stage(record)]):
        if not is_done(again, name) and hasattr(STAGES[name].module, "check"):
            STAGES[name].module.check(again)


def run(work: Work) -> None:
    """Raises ValueError when the bytes are others, with what differs between then and now."""
    path, record = read_submission_record(work.words[0])
    again = _made_again(work, path, record)
    stage = _last_stage(record)
    runs, settings = again.runs, again.settings
    made = runs.stacked if stage == "stack" else runs.submission
    with hold_lock(runs.lock("train"), command=shlex.join(work.command)):
        for name in plan_stages([stage]):
            if not is_done(again, name):
                print(f"reproduce: {name}")
                STAGES[name].module.run(again)
            if name == "index" and "images" in _other_data(again, record):
                runs.images.unlink()  # read again by the next try, when they may be as they were
                raise ValueError(
                    f"{path}: the {MADE_OF['images']} below {runs.root} are not those that it was "
                    "made from; root=/another/folder names a copy that is as it was"
                )
            if name == "split" and runs.fixes and "folds" in _other_data(again, record):
                _split_as_before_fixes(again)
    if "test" in record:
        made = _answer_other_images(again, Path(record["test"]), stage=stage)
    found = file_sha256(made)
    wanted = record["sha256"]
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


def _answer_other_images(again: Work, place: Path, *, stage: str) -> Path:
    """The file of answers to other test images than the contest's own, made again."""
    from pipeline.features.hidden_test.answer import answer_hidden_test
    from pipeline.features.stack.predictor import StackPredictor

    stack = StackPredictor(again.settings, again.runs) if stage == "stack" else None
    answers = answer_hidden_test(again, place, stack=stack)
    return answers.stacked or answers.path


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
    # by the settings: two experiments may give the same answers, and each is trained again
    folder = work.runs.of_experiment(f"reproduced/{fingerprint_of(raw)}")
    raw |= {"runs": str(folder / "runs"), "submissions": str(folder / "submissions")}
    settings = read_settings(raw, name=str(path))
    return replace(work, settings=settings, runs=Runs(settings), words=(), options={})
