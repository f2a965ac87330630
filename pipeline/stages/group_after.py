"""The stages that use what was trained once more, and when each is done."""

from pipeline.console.installation import COMMAND
from pipeline.experiment.fingerprints import stack_key, transfer_key
from pipeline.experiment.work import Work
from pipeline.leaderboard.submission_record import is_written
from pipeline.stages.stage import Stage
from pipeline.storage import is_fresh


def is_stacked(work: Work) -> bool:
    """Whether the stacked submission is there, made with these settings."""
    return is_written(work.runs.stacked, stack_key(work.settings, work.runs))


STACK = Stage(
    name="stack",
    summary="views, weights, calibration, pooling, decision: what helps on OOF, as a submission",
    group="after",
    needs=("infer",),
    done=is_stacked,
    settings=("stack", "pool"),
    example=f"{COMMAND} stack -c masks",
    leads_to="report",
)


LOCKBOX = Stage(
    name="lockbox",
    summary="scores the people that no fold held (folds.lockbox), and counts how often",
    group="after",
    needs=("infer",),
    options=("against",),
    settings=("folds.lockbox",),
    example=f"{COMMAND} lockbox -c masks against=masks-baseline",
)


def is_transferred(work: Work) -> bool:
    """Whether the source's scores are there; never without a source, so that check says so."""
    source = work.settings.transfer.source
    if source is None:
        return False
    return is_fresh(work.runs.transfer(source), transfer_key(work.settings, work.runs))


TRANSFER = Stage(
    name="transfer",
    summary="another experiment's weights on this contest",
    group="after",
    needs=("crop", "split"),
    done=is_transferred,
    settings=("transfer",),
    example=f"{COMMAND} transfer -c utkface transfer.source=masks",
    leads_to="report",
)


COMPARE = Stage(
    name="compare",
    summary="experiments or their members on the same folds, with paired intervals",
    group="after",
    arguments="A B …",
    options=("labels",),
    example=f"{COMMAND} compare masks-lite masks",
)


DISTIL = Stage(
    name="distil",
    summary="a student in place of the ensemble: its score beside it, paired, and what it saves",
    group="after",
    needs=("evaluate",),
    example=f"{COMMAND} distil -c masks-lite "
    "'members.student={tasks: {age: {}}, distil: {by: [joint, years]}}'",
)


DIFF = Stage(
    name="diff",
    summary="which answers changed between two submissions, and in which attribute",
    group="after",
    arguments="A B",
    example=f"{COMMAND} diff masks masks-stack",
)


LEDGER = Stage(
    name="ledger",
    summary="all submissions, OOF beside leaderboard; NAME score=0.78 records one",
    group="after",
    arguments="[NAME]",
    options=("score", "share"),
    example=f"{COMMAND} ledger masks score=0.78",
)


SUBMIT = Stage(
    name="submit",
    summary="sends a submission by the Kaggle CLI: NAME competition=… message=…",
    group="after",
    arguments="NAME",
    options=("competition", "message", "again"),
    example=f"{COMMAND} submit masks competition=my-contest message='five folds'",
)
