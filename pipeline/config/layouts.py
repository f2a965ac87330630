"""Where a contest's tables and images lie, one model a layout that needs to be told."""

from typing import Annotated

from pydantic import Field

from pipeline.config.types import Count, Seed, Settings


class Drawn(Settings):
    """A contest that the project draws itself, for a machine without data."""

    people: Annotated[int, Field(ge=6)] = 80
    test_people: Count = 30
    seed: Seed = 7


class TableLayout(Settings):
    """Where a user's own tables and images lie; every path is below root."""

    train: str = "train.csv"  # one row an image
    test: str | None = None  # the same without labels
    images: str = "."  # the folder that the paths of the train table start from
    test_images: str | None = None  # the same for the test table; images when not given
    id: str = "image_id"  # the id column of both tables
    path: str | None = None  # the column with the file's path; the id when not given
    person: str | None = None  # the column that says who is in the image
    suffix: str = ""  # added to the path when it lacks its ending: .jpg


class LinesLayout(Settings):
    """A folder of numbered images and a file of labels, line n for image n; all below root."""

    train_images: str = "train_img"  # in the order of the number in their names
    train_labels: str = "label_train.txt"  # one label a line, no header
    test_images: str | None = None  # answered in the order of their numbers


class AppaLayout(Settings):
    """Which of the two images that APPA-REAL has of everybody is read."""

    faces: bool = True  # the face that comes cut out (.jpg_face.jpg); false: the whole photograph
