"""What audit looks for, and how closely."""

from typing import Annotated

from pydantic import Field

from pipeline.config.types import Count, Fraction, Positive, Seed, Settings


class Audit(Settings):
    """Copies, leaks, shift between train and test, and labels that are probably wrong."""

    correlation: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.98
    """Two images are called copies when the upper halves of their crops correlate at least this
    much. Lower it to find more doubtful pairs."""
    backbone: str | None = "tf_efficientnet_lite0"
    """Names the frozen ImageNet network (of timm) whose features the quick probe uses. Null uses
    the crop itself at 16 × 16 pixels, which needs no weights."""
    image_size: Annotated[int, Field(ge=32, le=512)] = 64
    """Sets the side in pixels at which the probe's backbone sees the crops. A larger one is slower
    and finds more."""
    images: Count = 4000
    """Limits the images of the train part, and of the test part, that the probes look at. They are
    drawn by whole people."""
    labels: bool = True
    """Says whether labels are judged too. It needs cleanlab, the extra `audit`."""
    confidence: Fraction = 0.1
    """A doubted label goes into fixes.csv when its out-of-fold probability is at most this. Raise
    it to list more labels, also less certain ones."""
    residual: Positive = 4.0
    """A label that is a number is doubted when the prediction is off by this many robust standard
    deviations. Lower it to doubt more labels."""
    sheet: Annotated[int, Field(ge=2, le=96)] = 24
    """Sets how many images each sheet of examples shows."""
    seed: Seed = 777
    """Seeds the audit's draws of people."""
