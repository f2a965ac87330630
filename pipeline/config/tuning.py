"""The habits of careful training, and a study over ranges of settings."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from pipeline.config.types import Count, Fraction, Positive, Seed, Settings


class Tune(Settings):
    """The habits of careful training for one member, and a study over ranges of settings."""

    member: str | None = None
    """The first when not given."""
    overfit: Fraction = 0.2
    """A batch of 16 learnt by heart must fall to this fraction of its loss."""
    overfit_steps: Count = 80
    """At most."""
    sweep: tuple[Positive, Positive, Count] = (1e-5, 1.0, 11)
    """Learning rates: low, high, number."""
    sweep_steps: Annotated[int, Field(ge=2)] = 10
    """For each rate, from a fresh network."""
    grid_lr: tuple[Positive, ...] = (0.3, 1.0)
    """Times the rate that the sweep picks."""
    grid_weight_decay: tuple[Annotated[float, Field(ge=0.0)], ...] = (0.0, 0.01)
    grid_epochs: Count = 2
    """Of each cell of the grid, on the first of folds."""
    folds: tuple[Annotated[int, Field(ge=0)], ...] = Field((0,), min_length=1)
    """Of the study."""
    trials: Annotated[int, Field(ge=0)] = 0
    """Of the Optuna study, in all; 0: no study."""
    epochs: Count | None = None
    """Of a trial; the member's own when not given."""
    ranges: dict[str, tuple[Any, ...]] = Field({})
    """Key: [low, high, log or linear], or a list of choices."""
    seed: Seed = 777
    """Of the study's draws."""

    @model_validator(mode="after")
    def _agree(self) -> "Tune":
        low, high, number = self.sweep
        if low >= high or number < 3:
            raise ValueError(f"sweep: low, high and at least 3 rates, found {list(self.sweep)}")
        return self
