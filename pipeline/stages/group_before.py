"""The stages before a long training, and when each is done."""

from pipeline.console.installation import COMMAND
from pipeline.experiment.baseline import baseline_settings
from pipeline.experiment.cells import tuned_member
from pipeline.experiment.fingerprints import audit_key, ensemble_key, explore_key, tune_key
from pipeline.experiment.work import Work
from pipeline.stages.stage import Stage
from pipeline.storage import Runs, is_fresh

NEW = Stage(
    name="new",
    summary="looks at an unzipped contest and writes its config, a reason behind each line",
    group="before",
    arguments="FOLDER [NAME]",
    options=("hours", "sample"),
    by_words=True,
    example=f"{COMMAND} new ~/Downloads/my-contest",
    says_next=True,
)


def is_explored(work: Work) -> bool:
    """Whether the summary is there, of this data."""
    return is_fresh(work.runs.explored("summary.txt"), explore_key(work.settings, work.runs))


EXPLORE = Stage(
    name="explore",
    summary="what is in the data: figures, example sheets, a summary",
    group="before",
    needs=("crop",),
    done=is_explored,
    example=f"{COMMAND} explore -c masks",
    leads_to="train",
)


def has_baseline(work: Work) -> bool:
    """Whether the experiment NAME-baseline has its submission."""
    settings = baseline_settings(work.settings)
    return is_fresh(Runs(settings).submission, ensemble_key(settings))


BASELINE = Stage(
    name="baseline",
    summary="a ridge on a frozen backbone: an honest score and a submission in minutes",
    group="before",
    done=has_baseline,
    example=f"{COMMAND} baseline -c masks",
)


AUTO = Stage(
    name="auto",
    summary="given hours, the best submission: candidates by expected gain for their cost",
    group="before",
    needs=("index",),
    options=("hours", "until", "candidates"),
    example=f"{COMMAND} auto -c masks hours=3",
    leads_to="report",
    own_settings=True,
)


def is_tuned(work: Work) -> bool:
    """Whether the report of the tuned member is there, made with these settings."""
    report = work.runs.tuned("report.json", member=tuned_member(work.settings))
    return is_fresh(report, tune_key(work.settings, work.runs))


TUNE = Stage(
    name="tune",
    summary="six habits before the long run, and a study over ranges",
    group="before",
    needs=("crop", "split"),
    done=is_tuned,
    settings=("tune",),
    example=f"{COMMAND} tune -c masks tune.member=age",
)


def is_audited(work: Work) -> bool:
    """Whether the summary is there, made with these settings and members."""
    return is_fresh(work.runs.audited("summary.txt"), audit_key(work.settings, work.runs))


AUDIT = Stage(
    name="audit",
    summary="copies across folds, leaks, shift between train and test, wrong labels",
    group="before",
    needs=("crop", "split"),
    done=is_audited,
    settings=("audit",),
    example=f"{COMMAND} audit -c masks",
    leads_to="train",
)


PLAN = Stage(
    name="plan",
    summary="minutes, disk, memory and price of stages on this machine, from a short probe",
    group="before",
    needs=("index",),
    arguments="[STAGE ...]",
    options=("price", "tflops"),
    example=f"{COMMAND} plan train -c masks price=2.5",
)
