"""Where a contest's tables and images lie, one model a layout that needs to be told."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.types import Count, Seed, Settings, TableWord


class Drawn(Settings):
    """A contest that the project draws itself, for a machine without data."""

    people: Annotated[int, Field(ge=6)] = 80
    """Sets how many people the train part shows."""
    test_people: Count = 30
    """Sets how many people the test part shows."""
    seed: Seed = 7
    """Seeds the drawing. Another seed draws other people."""


NOBODY = ("unknown", "nan", "none", "null", "n/a", "?", "-1")


class Split(Settings):
    """The column of the one table that tells train rows from test rows."""

    column: str
    """Names the column of the train table that tells train rows from test rows."""
    train: tuple[TableWord, ...] = Field(min_length=1)
    """Lists the values of this column in train rows."""
    test: tuple[TableWord, ...] = ()
    """Lists the values of this column in test rows."""
    leave_out: tuple[TableWord, ...] = ()
    """Lists the values of this column in rows that are neither learnt nor answered."""

    @model_validator(mode="after")
    def _agree(self) -> "Split":
        values = [*self.train, *self.test, *self.leave_out]
        if len(set(values)) < len(values):
            raise ValueError(f"one value stands in two parts: {', '.join(values)}")
        return self


class Join(Settings):
    """Another table of the contest, whose columns are joined to the train table by its id, or by
    another column that both have: labels with a row for each person."""

    file: str
    """Names the table, a path below root."""
    id: str | None = None
    """Names the table's id column. Null takes the name of the train table's id column, or `by`."""
    by: str | None = None
    """Names the column of the train table in which these ids stand, where it is not the id of an
    image: who is in it, a number that stands for a word."""
    header: tuple[str, ...] | None = None
    """Names the table's columns, for a file that has no header line."""


class Pixels(Settings):
    """Images that stand in the table as numbers from 0 to 255, all of an image in one column."""

    column: str = "pixels"
    """Names the column of the numbers, which are parted by blanks."""
    size: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] | None = None
    """Gives width and height. Null takes the square with as many numbers; three times as many are a
    colour image, the three of each pixel together."""
    first_id: int = 0
    """Gives the id of the first row of a table without an id column; the rows are counted on from
    it."""


class TableLayout(Settings):
    """Where a user's own tables and images lie; every path is below root."""

    train: str = "train.csv"
    """Names the train table. It has one row an image; several rows of one file are one image, or
    its faces where `box` is given."""
    test: str | None = None
    """Names the test table, without labels. Null means that there is none; see `split` and
    `test_images`."""
    images: str = "."
    """Names the folder that the paths of the train table start from; a zip archive is read like a
    folder and not unpacked."""
    test_images: str | None = None
    """Names the folder that the paths of the test table start from; null takes `images`. With no
    test table, all images of this folder are answered, and their paths in it are their ids."""
    join: tuple[Join, ...] = ()
    """Lists further tables whose columns (labels, people, parts) are joined to the train table by
    its id. Each entry has a `file`, and if needed its `id` column, its `header`, and `by`, the
    column of the train table that it is joined by."""
    split: Split | None = None
    """Where the train table also holds the test rows: the column that tells them apart."""
    id: str = "image_id"
    """Names the id column of the train and the test table."""
    path: str | None = None
    """Names the column with the path of the image file. Null takes the id as the path."""
    test_id: str | None = None
    """Names the id column of the test table, where it is called otherwise."""
    test_path: str | None = None
    """Names the path column of the test table, where it is called otherwise."""
    person: str | None = None
    """Names the column that says who is in the image. Null means that nobody is named; then every
    image counts as a person of its own."""
    unknown: tuple[TableWord, ...] = NOBODY
    """Lists the words of the person column that mean nobody, in upper or lower case."""
    suffix: str = ""
    """Gives the ending that is added to a path that lacks it, as in `.jpg`."""
    pixels: Pixels | None = None
    """Says that the images are numbers in a column of the tables, as in FER2013, and not files."""
    box: tuple[str, str, str, str] | None = None
    """Names four columns with the face's box in pixels, for rows that speak of one face of an
    image."""
    box_form: Literal["corners", "size"] = "corners"
    """Says what the four columns of `box` are: `corners` is x1 y1 x2 y2, `size` is left, top,
    width, height."""

    @model_validator(mode="after")
    def _agree(self) -> "TableLayout":
        if self.pixels is not None and (self.path or self.suffix or self.test_images):
            raise ValueError(
                "`pixels:` reads images from the table; take path, suffix, test_images away"
            )
        if self.split is not None and self.test is not None:
            raise ValueError("`split:` goes with one table; take `test:` away")
        return self


class FoldersLayout(Settings):
    """A folder a class, its name the label; below root."""

    train: str = "train"
    """Names the folder below root that holds one folder for each class; the folder's name is the
    label."""
    test: str | None = "test"
    """Names the folder with the images to answer. Null means that there are none."""


class LinesLayout(Settings):
    """A folder of numbered images and a file of labels, line n for image n; all below root."""

    train_images: str = "train_img"
    """Names the folder of train images, taken in the order of the number in their names."""
    train_labels: str = "label_train.txt"
    """Names the file of labels: one a line, in the order of the images, no header."""
    test_images: str | None = None
    """Names the folder of test images, answered in the order of their numbers. Null means that
    there are none."""


class AppaLayout(Settings):
    """Which of the two images that APPA-REAL has of everybody is read."""

    faces: bool = True
    """True reads the face that the data set has cut out (.jpg_face.jpg), false the whole
    photograph."""
