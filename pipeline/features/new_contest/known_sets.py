"""Public data sets whose labels need one step by hand first: the sentence with that step."""

from collections.abc import Sequence

from pipeline.features.new_contest.survey import Survey
from pipeline.features.new_contest.table_roles import TableFacts

ADIENCE = {"user_id", "original_image", "face_id"}
UNREAD = (".mat", ".npz", ".npy", ".h5", ".hdf5", ".xls", ".ods", ".pts")


def say_known_set(survey: Survey, tables: Sequence[TableFacts]) -> str | None:
    """The sentence for a set whose tables do not name its images, or whose labels lie in files that
    are not read; None where neither is so."""
    for facts in tables:
        if facts.path is None and set(facts.frame.columns) >= ADIENCE:
            return (
                f"new: this is Adience: {facts.name} names no file; its images are called "
                "USER_ID/landmark_aligned_face.FACE_ID.ORIGINAL_IMAGE (or coarse_tilt_aligned_face)"
                "; put that into a column of one train.csv with user_id, age, gender and the fold, "
                "beside the folders, and type the same again"
            )
    if any("list_patition_label" in name for name in survey.tables):
        return _say_raf(next(n for n in survey.tables if "list_patition_label" in n))
    unread = [path for ending in UNREAD for path in survey.others.get(ending, ())]
    if unread and not any(facts.path for facts in tables):
        return (
            f"new: the labels seem to lie in {', '.join(unread[:2])}, which is not read; save them "
            "as a CSV with a column of the images' paths beside the images (scipy.io.loadmat, "
            "numpy.load or json.load, and pandas.DataFrame(...).to_csv), and type the same again"
        )
    return None


def _say_raf(name: str) -> str:
    return (
        f"new: this is RAF-DB: {name} names train_00001.jpg where the file is called "
        "train_00001_aligned.jpg, and has no header; write train.csv and test.csv with the columns "
        "image,label and the files' names, split by how these begin, and type the same again"
    )
