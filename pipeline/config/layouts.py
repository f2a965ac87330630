"""Where a contest's tables and images lie, one model a layout that needs to be told."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.types import Count, Seed, Settings, TableWord


class Drawn(Settings):
    """A contest that the project draws itself, for a machine without data."""

    people: Annotated[int, Field(ge=6)] = 80
    test_people: Count = 30
    seed: Seed = 7


NOBODY = ("unknown", "nan", "none", "null", "n/a", "?", "-1")


class Split(Settings):
    """The column of the one table that tells train rows from test rows."""

    column: str
    train: tuple[TableWord, ...] = Field(min_length=1)
    """Its values in train rows."""
    test: tuple[TableWord, ...] = ()
    """Its values in test rows."""
    leave_out: tuple[TableWord, ...] = ()
    """Its values in rows that are neither learnt nor answered."""

    @model_validator(mode="after")
    def _agree(self) -> "Split":
        values = [*self.train, *self.test, *self.leave_out]
        if len(set(values)) < len(values):
            raise ValueError(f"one value stands in two parts: {', '.join(values)}")
        return self


class Join(Settings):
    """Another table of the contest, whose columns are joined to the train table by its id."""

    file: str
    id: str | None = None
    """Its id column; that of the train table when not given."""
    header: tuple[str, ...] | None = None
    """The names of its columns, where the file has no header."""


class TableLayout(Settings):
    """Where a user's own tables and images lie; every path is below root."""

    train: str = "train.csv"
    """One row an image; rows of one file are one image, or its faces where `box` is given."""
    test: str | None = None
    """The same without labels."""
    images: str = "."
    """The folder that the paths of the train table start from."""
    test_images: str | None = None
    """The same for the test table; `images` when not given. With no test table all images of this
    folder are answered, and their paths in it are their ids."""
    join: tuple[Join, ...] = ()
    """Tables with further columns of the train table: labels, people, parts."""
    split: Split | None = None
    """Where the train table also holds the test rows: the column that tells them apart."""
    id: str = "image_id"
    """The id column of both tables."""
    path: str | None = None
    """The column with the file's path; the id when not given."""
    test_id: str | None = None
    """The id column of the test table where it is called otherwise."""
    test_path: str | None = None
    """The path column of the test table where it is called otherwise."""
    person: str | None = None
    """The column that says who is in the image."""
    unknown: tuple[TableWord, ...] = NOBODY
    """Words of the person column for nobody, in any case."""
    suffix: str = ""
    """Added to the path when it lacks its ending: .jpg."""
    box: tuple[str, str, str, str] | None = None
    """Four columns with the box, in pixels, of the face that the row speaks of."""
    box_form: Literal["corners", "size"] = "corners"
    """What the four are: x1 y1 x2 y2, or left top width height."""

    @model_validator(mode="after")
    def _agree(self) -> "TableLayout":
        if self.split is not None and self.test is not None:
            raise ValueError("`split:` goes with one table; take `test:` away")
        return self


class FoldersLayout(Settings):
    """A folder a class, its name the label; below root."""

    train: str = "train"
    """Holds a folder for each class."""
    test: str | None = "test"
    """The images to answer; null where there are none."""


class LinesLayout(Settings):
    """A folder of numbered images and a file of labels, line n for image n; all below root."""

    train_images: str = "train_img"
    """In the order of the number in their names."""
    train_labels: str = "label_train.txt"
    """One label a line, no header."""
    test_images: str | None = None
    """Answered in the order of their numbers."""


class AppaLayout(Settings):
    """Which of the two images that APPA-REAL has of everybody is read."""

    faces: bool = True
    """The face that comes cut out (.jpg_face.jpg); false: the whole photograph."""
