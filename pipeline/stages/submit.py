"""submit: hands a checked submission to the Kaggle CLI; where that is missing, says what to type.

The only stage that sends anything anywhere.
"""

import shlex
from dataclasses import dataclass
from pathlib import Path

from pipeline.console.installation import COMMAND
from pipeline.experiment.work import Work
from pipeline.leaderboard.check_submission import check_submission
from pipeline.leaderboard.kaggle import find_lack, send
from pipeline.leaderboard.ledger import ledger_open, read_ledger
from pipeline.leaderboard.submissions import Answered, find_submission, read_answers
from pipeline.metrics.paired import show_number
from pipeline.preprocessing.unseen_images import check_test_images
from pipeline.storage import Runs, display_path, now, read_table
from pipeline.storage.digests import file_sha256
from pipeline.tables import IMAGES, check_table


@dataclass(frozen=True)
class Upload:
    """What is to be sent, checked."""

    path: Path
    command: list[str]
    num_rows: int
    against: str  # what it was compared with, in words
    unread: str  # which test images no network has seen, in words; '' where it saw all


def check(work: Work) -> None:
    """Raises ValueError when the file is not what the contest takes, or was sent before."""
    _pack(work)


def run(work: Work) -> None:
    """Sends the file and notes it in the ledger; without the Kaggle CLI, says what to type."""
    upload = _pack(work)
    print(f"submit: {display_path(upload.path)}: {upload.num_rows} answers, {upload.against}")
    if upload.unread:
        print(f"submit: {upload.unread}")
    missing = find_lack()
    if missing:
        print(f"submit: {missing}; nothing was sent. To send it:\n  {shlex.join(upload.command)}")
        return
    said = send(upload.command)
    print("\n".join(f"  {line}" for line in said.splitlines()))
    with ledger_open(work.runs, command=work.command) as frame:
        frame.loc[frame["sha256"] == file_sha256(upload.path), "submitted"] = now()
    name = upload.path.stem
    print(
        f"submit: sent. When its score is there: {COMMAND} ledger {name} score=…"
        f"{work.settings.folders_typed}"
    )


def _pack(work: Work) -> Upload:
    """The command and the file, checked against the contest. Raises ValueError."""
    contest = work.options.get("competition", "")
    if len(work.words) != 1 or not contest:
        raise ValueError(
            "submit: one submission and the contest's name at Kaggle, as in submit masks "
            "competition=mask-image-classification"
        )
    path = find_submission(work.runs, work.words[0])
    found = read_answers(work.settings, work.runs, path)
    against = check_submission(found)
    ledger = read_ledger(work.runs)
    lines = ledger[ledger["sha256"] == file_sha256(path)]
    message = work.options.get("message", "")
    if len(lines):
        line = lines.iloc[0]
        if line["submitted"] and work.options.get("again") != "yes":
            raise ValueError(
                f"submit: {display_path(path)} was sent on {line['submitted'][:10]}; again=yes "
                "sends the same answers once more"
            )
        score = show_number(float(line["oof"]))
        message = message or f"{path.stem}: OOF {line['metric']} {score} ({line['sha256'][:8]})"
    words = ["-c", contest, "-f", display_path(path), "-m", message or path.stem]
    return Upload(
        path=path,
        command=["kaggle", "competitions", "submit", *words],
        num_rows=len(found.frame),
        against=against,
        unread=_check_test_images(found),
    )


def _check_test_images(found: Answered) -> str:
    """How many test images no network has seen, in words. Raises ValueError for too many."""
    settings = found.settings
    assert settings is not None, "what is handed in is the answer of an experiment"
    runs = Runs(settings)
    if not runs.images.exists():
        return ""
    images = check_table(read_table(runs.images), IMAGES)
    most = settings.competition.missing_test
    return check_test_images(images, root=runs.root, most=most)
