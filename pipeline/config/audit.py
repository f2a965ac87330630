"""What audit looks for, and how closely."""

from typing import Annotated

from pydantic import Field

from pipeline.config.types import Count, Fraction, Positive, Seed, Settings


class Audit(Settings):
    """Copies, leaks, shift between train and test, and labels that are probably wrong."""

    correlation: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.98
    """Of two upper halves of crops, from which on they are the same image."""
    backbone: str | None = "tf_efficientnet_lite0"
    """Frozen ImageNet features of the quick probe; null: the crop itself at 16 x 16 pixels."""
    image_size: Annotated[int, Field(ge=32, le=512)] = 64
    """Of the probe's backbone."""
    images: Count = 4000
    """Of each part that the probe looks at, drawn by whole people."""
    labels: bool = True
    """Judge the labels; needs requirements-audit.txt."""
    confidence: Fraction = 0.1
    """A doubted label this improbable or less goes into fixes.csv."""
    residual: Positive = 4.0
    """A number this many robust standard deviations off is doubted."""
    sheet: Annotated[int, Field(ge=2, le=96)] = 24
    """Images on a sheet."""
    seed: Seed = 777
