"""The winning layer: what is tried on top of the plain mean, in which order, and how."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.types import Count, Positive, Seed, Settings

Layer = Literal["views", "members", "calibration", "pooling", "decision"]
Method = Literal["geometric", "median", "rank", "caruana", "stacking"]


class Stack(Settings):
    """Every layer is fitted on other people than it is judged on, and kept when it helps."""

    layers: tuple[Layer, ...] = ("views", "members", "calibration", "pooling", "decision")
    keep: Literal["interval", "point"] = "interval"
    """A nested gain beyond its interval; or above 0."""
    methods: tuple[Method, ...] = ("geometric", "median", "rank", "caruana", "stacking")
    """Members."""
    select_by: Literal["metric", "log_loss"] = "metric"
    """What Caruana's selection betters."""
    rounds: Count = 50
    """Of selection, with replacement."""
    bags: Annotated[int, Field(ge=0)] = 20
    """Selections on drawn people and members; 0: one on all."""
    penalties: tuple[Positive, ...] = Field((10.0, 100.0, 1000.0), min_length=1)
    """Of stacking."""
    max_offset: Positive = 2.0
    """Of a class's log-probability."""
    guard_groups: bool = True
    """A gap metric is not bettered by making a group worse."""
    seed: Seed = 0

    @model_validator(mode="after")
    def _agree(self) -> "Stack":
        for key in ("layers", "methods", "penalties"):
            values = getattr(self, key)
            if len(set(values)) < len(values):
                raise ValueError(f"stack.{key}: one stands there twice in {list(values)}")
        if "views" in self.layers[1:]:
            raise ValueError("stack.layers: views come first; the others work on their mean")
        if "decision" in self.layers[:-1]:
            raise ValueError("stack.layers: decision comes last; it turns probabilities to answers")
        return self
