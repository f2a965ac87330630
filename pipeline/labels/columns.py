"""Columns of the images table that the program fills itself, and what a label of such a name is
called there."""

OWN_COLUMNS = frozenset(
    {"answer", "image_id", "path", "person_id", "part", "status", "message", "width", "height"}
    | {"row", "how", "face_status", "num_faces", "num_rows", "fold"}
    | {"answer_per", "box_x1", "box_y1", "box_x2", "box_y2"}
)
ENDING = "_label"


def stored_column(column: str) -> str:
    """The column of the images table that holds a label: `answer` is stored as `answer_label`."""
    return f"{column}{ENDING}" if column in OWN_COLUMNS else column


def written_column(column: str) -> str:
    """The name that a stored label's column has in the contest's own table."""
    written = column.removesuffix(ENDING)
    return written if written in OWN_COLUMNS else column
