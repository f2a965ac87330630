"""The winning layer: what is tried on top of the plain mean, in which order, and how."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.types import Count, Positive, Seed, Settings

Layer = Literal["views", "members", "calibration", "pooling", "decision"]
Method = Literal["geometric", "median", "rank", "caruana", "stacking"]


class Stack(Settings):
    """Every layer is fitted on other people than it is judged on, and kept when it helps."""

    layers: tuple[Layer, ...] = ("views", "members", "calibration", "pooling", "decision")
    """Lists the layers that are tried, in this order. `views` must be first and `decision` last."""
    keep: Literal["interval", "point"] = "interval"
    """`interval` keeps a layer whose nested gain is above 0 with its whole 95 % interval, `point`
    every gain above 0."""
    methods: tuple[Method, ...] = ("geometric", "median", "rank", "caruana", "stacking")
    """Lists the ways to combine members that the layer `members` tries."""
    select_by: Literal["metric", "log_loss"] = "metric"
    """Says what Caruana's selection improves: the contest's metric, or the log-loss."""
    rounds: Count = 50
    """Sets how many members one Caruana selection picks, with replacement."""
    bags: Annotated[int, Field(ge=0)] = 20
    """Sets how many Caruana selections are averaged, each on drawn people and members. 0 makes one
    selection on all."""
    penalties: tuple[Positive, ...] = Field((10.0, 100.0, 1000.0), min_length=1)
    """Lists the penalties (L2) that stacking chooses from by cross-validation over the folds."""
    max_offset: Positive = 2.0
    """Limits the offset of a class's log-probability that the decision layer may use."""
    guard_groups: bool = True
    """Refuses a decision that improves a gap between two groups by making either one worse."""
    seed: Seed = 0
    """Seeds the draws of people and members."""

    @model_validator(mode="after")
    def _agree(self) -> "Stack":
        for key in ("layers", "methods", "penalties"):
            values = getattr(self, key)
            if len(set(values)) < len(values):
                raise ValueError(f"stack.{key}: names one of them twice in {list(values)}")
        if "views" in self.layers[1:]:
            raise ValueError("stack.layers: views must come first; the others use their mean")
        if "decision" in self.layers[:-1]:
            raise ValueError("stack.layers: decision comes last; it turns probabilities to answers")
        return self
