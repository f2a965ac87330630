"""Where the face is in an image, and who is held out."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.types import Fraction, Seed, Settings


class Crop(Settings):
    """Where the face is, and what is cut around it."""

    faces: Literal["detect", "given", "centre"] = "detect"
    """Given: the image is the face."""
    min_face: Fraction = 0.21
    """Smallest face looked for, as a fraction of the shorter side."""
    thresholds: tuple[Fraction, Fraction, Fraction] = (0.6, 0.7, 0.7)
    """MTCNN's three networks."""
    margin: Annotated[float, Field(ge=0.0, le=3.0)] = 0.25
    """Added each side, fraction of the box."""
    fallback: Annotated[float, Field(gt=0.0, le=1.0)] = 0.78125
    """No face: centre, 300 of 384."""
    size: Annotated[int, Field(ge=16, le=1024)] = 224
    """Pixels, the largest that a member needs."""
    reject: tuple[Literal["no_face", "several_faces"], ...] = ()
    """Not learnt from; still answered."""


class Folds(Settings):
    """Who is held out."""

    num: Annotated[int, Field(ge=2)] = 5
    by: Literal["person", "label", "column"] = "person"
    """Label: ignores persons, to see the leak."""
    column: str | None = None
    """By column: each of its values is a fold, in their sorted order."""
    lookalikes: Annotated[float, Field(gt=0.3, lt=1.0)] | None = None
    """Where nobody is named: images whose eye regions are this similar stay together; 0.7 finds
    copies of one photograph and similar photographs of one sitting, not a person on two occasions.
    """
    lockbox: Annotated[float, Field(ge=0.0, le=0.5)] = 0.0
    """Share of the people that no fold, epoch, weight or layer ever sees; `./run.sh lockbox` scores
    it and counts how often."""
    balance: tuple[str, ...] = ()
    """Tasks or label columns; all tasks when not given."""
    seed: Seed = 777
    repeats: Annotated[int, Field(ge=1, le=20)] = 1
    """Splits with other seeds, each with its own folds: fold num is the first of the second split;
    an image's OOF is the mean of all splits."""
    train: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    """Only these folds; all when null."""

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
