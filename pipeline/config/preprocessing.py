"""Where the face is in an image, and who is held out."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.types import Fraction, Seed, Settings


class Crop(Settings):
    """Where the face is, and what is cut around it."""

    faces: Literal["detect", "given", "centre"] = "detect"
    """`detect` finds the faces by MTCNN, `given` takes the whole image as the face, `centre` takes
    its middle."""
    min_face: Fraction = 0.21
    """Faces smaller than this fraction of the image's shorter side are not looked for. A lower
    value finds more and is slower."""
    thresholds: tuple[Fraction, Fraction, Fraction] = (0.6, 0.7, 0.7)
    """MTCNN's three networks, one after the other, must be so sure of a face. Lower values find
    more faces, and more that are none."""
    margin: Annotated[float, Field(ge=0.0, le=3.0)] = 0.25
    """Adds this fraction of the face's longer side on each side of its box."""
    fallback: Annotated[float, Field(gt=0.0, le=1.0)] = 0.78125
    """Where no face is found, the square in the middle is cut; this is its side as a fraction of
    the image's shorter side. The default is 300 of 384 pixels."""
    size: Annotated[int, Field(ge=16, le=1024)] = 224
    """Sets the side of the stored crops in pixels: the largest `image_size` that a member needs."""
    align: bool = False
    """Turns, scales and shifts every face so that its eyes, nose and mouth lie at the same places
    in all crops. It needs `faces: detect`; a face without landmarks is cut upright."""
    reject: tuple[Literal["no_face", "several_faces"], ...] = ()
    """Leaves out of the training the images with no face, or with several. They are still answered.
    """


class MemberCrop(Settings):
    """What a member wants other than the experiment's crop. Null takes the experiment's value."""

    margin: Annotated[float, Field(ge=0.0, le=3.0)] | None = None
    """Adds this share of the box on each side, for this member. Null takes `crop.margin`."""
    size: Annotated[int, Field(ge=16, le=1024)] | None = None
    """Sets the side of this member's stored crops, in pixels. Null takes `crop.size`."""
    align: bool | None = None
    """Turns and scales this member's faces so that their landmarks lie at the same places."""

    def over(self, crop: Crop) -> Crop:
        """The experiment's crop with what is set here in its place."""
        return crop.model_copy(update=self.model_dump(exclude_none=True))


class Folds(Settings):
    """Who is held out."""

    num: Annotated[int, Field(ge=2)] = 5
    """Sets how many folds there are. With more folds each training sees more people, and all take
    longer."""
    by: Literal["person", "label", "column"] = "person"
    """Says what keeps images together: `person` holds out whole people; `label` ignores people, to
    see how much that flatters; `column` takes the folds from the table."""
    column: str | None = None
    """Names the column for `by: column`; its values, in sorted order, are the folds."""
    lookalikes: Annotated[float, Field(gt=0.3, lt=1.0)] | None = None
    """Where nobody is named, images whose eye regions are this similar stay in one fold. 0.7 finds
    copies of one photograph and similar photographs of one sitting, not a person on two occasions.
    """
    lockbox: Annotated[float, Field(ge=0.0, le=0.5)] = 0.0
    """Keeps this share of the people away from every fold, epoch, weight and layer. `./run.sh
    lockbox` scores them and counts how often."""
    balance: tuple[str, ...] = ()
    """Names the tasks or label columns that are spread evenly over the folds. Empty means all
    tasks."""
    seed: Seed = 777
    """Seeds the search for folds. Another seed makes other folds."""
    repeats: Annotated[int, Field(ge=1, le=20)] = 1
    """Splits so many times with other seeds; each split has `num` folds of its own, numbered on. An
    image's out-of-fold prediction is the mean of all splits."""
    train: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    """Lists the folds that are trained, counted from 0. Null trains all; [0] is for a quick try."""

    @model_validator(mode="after")
    def _agree(self) -> "Folds":
        if (self.by == "column") != (self.column is not None):
            raise ValueError("column: names the folds' column; it goes with by: column")
        if self.by == "column" and self.repeats > 1:
            raise ValueError("repeats: the folds of a column are always the same")
        return self

    @property
    def total(self) -> int:
        """The folds of all splits together."""
        return self.num * self.repeats
