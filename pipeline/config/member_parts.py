"""Sections of a member: its teachers, schedule, additions, mixing, trunk."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.types import Count, Fraction, Positive, Settings


class Distil(Settings):
    """Answers of other members on the training images, learnt as soft targets.

    A cell that holds out a fold takes them from cells that held out the same fold; the one that
    learns from everybody takes out-of-fold answers.
    """

    by: tuple[str, ...] = Field(min_length=1)
    """Names the members that teach: their mean answer is the target."""
    share: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Sets the share of the teachers' answer in the target; the rest is the true label."""


class Pseudo(Settings):
    """Confident predictions on test images, learnt as if they were labels.

    A cell that holds out a fold takes them from cells that held out the same fold.
    """

    by: tuple[str, ...] = Field(min_length=1)
    """Names the members whose mean prediction becomes the label."""
    confidence: Fraction = 0.9
    """A test image is learnt when its likeliest class has at least this probability, in every task.
    """
    spread: Positive | None = None
    """A number is learnt where the teachers' networks differ by at most this: the standard
    deviation of their answers, in the label's unit. A task that is a number needs it."""
    share: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Of the test images of each predicted class, this share is learnt, the most confident first.
    Of a number's images it is the share on which the teachers agree most."""
    labels: Literal["hard", "soft"] = "hard"
    """`hard` learns the likeliest class, `soft` the probabilities."""


class Schedule(Settings):
    """The learning rate as a function of the step."""

    name: Literal["constant", "step", "cosine", "plateau"] = "constant"
    """Says how the learning rate changes after the warm-up: not at all (`constant`), times `factor`
    every `every_epochs` (`step`), along a half cosine (`cosine`), or times `factor` when the score
    stops to improve (`plateau`, which looks at the scored fold)."""
    warmup_epochs: Annotated[float, Field(ge=0.0)] = 0.0
    """Sets how many epochs (parts of one too) the rate takes to rise linearly from 0 to `lr`."""
    floor: Fraction = 0.0
    """`cosine` ends at this fraction of `lr`."""
    every_epochs: Count = 5
    """`step` reduces the rate after so many epochs, again and again."""
    factor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.5
    """`step` and `plateau` multiply the rate by this."""
    patience: Count = 2
    """`plateau` reduces the rate after so many epochs without a better score."""


class Lora(Settings):
    """Small additions to the attention of a transformer, which itself stays as it is (LoRA)."""

    rank: Count = 8
    """Sets the rank of each addition: larger ones can learn more, and forget more."""
    alpha: Positive = 16.0
    """Weighs the additions by alpha / rank."""
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Drops this share of what goes into the additions while they learn."""


class Mix(Settings):
    """Training images mixed in pairs, their labels with them."""

    name: Literal["mixup", "cutmix", "half_face"]
    """`mixup` blends two images, `cutmix` pastes a part of one into the other, `half_face` joins
    the left half of one with the right half of another."""
    alpha: Positive = 1.0
    """`mixup` and `cutmix` draw the share of each image from Beta(alpha, alpha). A smaller alpha
    leaves most pairs nearly as they are."""
    p: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5
    """Sets the share of the batches that are mixed."""
    within: str | None = None
    """Names a task of kind multiclass: only images of the same class of it are mixed. Null mixes
    any two."""


class Trunk(Settings):
    """Frozen layers that look at every image once, and not in every epoch of every cell."""

    variants: Count = 4
    """Augments every image so many times, once for all; an epoch takes one of them by chance. More
    need more disk. Where `augment` is empty there is one, the image as it is."""
    precision: Literal["float16", "float32"] = "float16"
    """Stores what the frozen layers see in this precision; float32 needs twice the disk."""
