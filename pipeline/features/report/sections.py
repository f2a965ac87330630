"""All sections of one experiment's page, in their order: what is asked first comes first."""

from pipeline.features.report.ablation import describe_ablation
from pipeline.features.report.calibration import describe_calibration
from pipeline.features.report.context import ReportContext
from pipeline.features.report.curves import describe_curves
from pipeline.features.report.data import describe_data, describe_folds
from pipeline.features.report.explanations import describe_explanations
from pipeline.features.report.gallery import describe_gallery
from pipeline.features.report.groups import describe_groups
from pipeline.features.report.hours import describe_hours
from pipeline.features.report.leaderboard import describe_audit, describe_ledger
from pipeline.features.report.overview import describe_work
from pipeline.features.report.page import Section
from pipeline.features.report.regression import describe_regression
from pipeline.features.report.scores import describe_confusion, describe_scores

MAKERS = (
    describe_scores,
    describe_hours,
    describe_gallery,
    describe_confusion,
    describe_groups,
    describe_regression,
    describe_calibration,
    describe_curves,
    describe_ablation,
    describe_explanations,
    describe_ledger,
    describe_data,
    describe_folds,
    describe_audit,
    describe_work,
)


def describe_all(context: ReportContext) -> list[Section]:
    """The sections; one that has nothing to say of this contest is left out."""
    made = [make(context) for make in MAKERS]
    return [section for section in made if section is not None]
