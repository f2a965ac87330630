"""Public data sets whose labels need one step by hand first: the sentence with that step."""

from collections.abc import Sequence

from pipeline.features.new_contest.survey import Survey
from pipeline.features.new_contest.table_roles import TableFacts

UNREAD = (".mat", ".npz", ".npy", ".h5", ".hdf5", ".xls", ".ods", ".pts")


def say_known_set(survey: Survey, tables: Sequence[TableFacts]) -> str | None:
    """The sentence for a set whose tables do not name its images, or whose labels lie in files that
    are not read; None where neither is so."""
    unread = [path for ending in UNREAD for path in survey.others.get(ending, ())]
    if unread and not any(facts.path for facts in tables):
        return (
            f"new: the labels seem to lie in {', '.join(unread[:2])}, which is not read; save them "
            "as a CSV with a column of the images' paths beside the images (scipy.io.loadmat, "
            "numpy.load or json.load, and pandas.DataFrame(...).to_csv), and type the same again"
        )
    return None
