"""The list of stages, in the order in which they run, and which stages an asked one brings."""

from collections.abc import Collection, Iterable, Sequence

from pipeline.experiment.work import Work
from pipeline.stages.group_after import (
    COMPARE,
    DIFF,
    DISTIL,
    LEDGER,
    LOCKBOX,
    STACK,
    SUBMIT,
    TRANSFER,
)
from pipeline.stages.group_before import AUDIT, AUTO, BASELINE, EXPLORE, NEW, PLAN, TUNE
from pipeline.stages.group_check import DOCTOR, REPRODUCE
from pipeline.stages.group_main import CROP, DRAW, ENSEMBLE, EVALUATE, INDEX, INFER, SPLIT, TRAIN
from pipeline.stages.group_show import BUNDLE, DEMO, EXPLAIN, EXPORT, PREDICT, REPORT, SHARE
from pipeline.stages.stage import Stage

IN_ORDER = (
    NEW,
    DRAW,
    INDEX,
    CROP,
    SPLIT,
    EXPLORE,
    BASELINE,
    AUTO,
    TUNE,
    AUDIT,
    TRAIN,
    EVALUATE,
    INFER,
    ENSEMBLE,
    STACK,
    LOCKBOX,
    TRANSFER,
    PLAN,
    REPORT,
    EXPLAIN,
    PREDICT,
    DEMO,
    EXPORT,
    SHARE,
    BUNDLE,
    COMPARE,
    DISTIL,
    DIFF,
    LEDGER,
    DOCTOR,
    REPRODUCE,
    SUBMIT,
)
STAGES: dict[str, Stage] = {stage.name: stage for stage in IN_ORDER}


def plan_stages(
    asked: Iterable[str], *, words: Sequence[str] = (), options: Collection[str] = ()
) -> list[str]:
    """All stages that the asked ones need or bring, in the order in which they run; `words` and
    `options` are what the last one takes."""
    wanted: set[str] = set()

    def add(name: str) -> None:
        if name not in wanted:
            wanted.add(name)
            for other in (*STAGES[name].needs, *STAGES[name].then):
                add(other)

    for name in asked:
        alone = not set(options).isdisjoint(STAGES[name].alone_with)
        if alone or (words and STAGES[name].by_words):
            wanted.add(name)
        else:
            add(name)
    return [name for name in STAGES if name in wanted]


def is_done(work: Work, stage: str) -> bool:
    """Whether a stage has nothing left to do for these settings."""
    done = STAGES[stage].done
    return done is not None and done(work)


def is_part(work: Work, stage: str) -> bool:
    """Whether a stage is any of this config's: only some contests are drawn."""
    return stage != "draw" or work.settings.competition.drawn is not None


def make_folds(work: Work) -> None:
    """Runs index, crop and split, where they are not done."""
    run_missing(work, ("index", "crop", "split"))


def run_missing(work: Work, stages: Sequence[str]) -> None:
    """Runs those of the stages that are not done, in the order given."""
    for stage in stages:
        if not is_done(work, stage):
            STAGES[stage].module.run(work)
