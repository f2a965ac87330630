"""The habits of careful training, and a study over ranges of settings."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from pipeline.config.types import Count, Fraction, Positive, Seed, Settings


class Tune(Settings):
    """The habits of careful training for one member, and a study over ranges of settings."""

    member: str | None = None
    """Names the member that is examined. Null takes the first."""
    overfit: Fraction = 0.2
    """A batch of 16 images, learnt by heart, must fall to this fraction of its first loss."""
    overfit_steps: Count = 80
    """Limits the training steps for that."""
    sweep: tuple[Positive, Positive, Count] = (1e-5, 1.0, 11)
    """Says which learning rates are tried: the lowest, the highest, and how many."""
    sweep_steps: Annotated[int, Field(ge=2)] = 10
    """Sets the training steps at each rate, from a fresh network."""
    grid_lr: tuple[Positive, ...] = (0.3, 1.0)
    """Lists the learning rates of the grid, as factors of the rate that the sweep picks."""
    grid_weight_decay: tuple[Annotated[float, Field(ge=0.0)], ...] = (0.0, 0.01)
    """Lists the weight decays of the grid."""
    grid_epochs: Count = 2
    """Sets the epochs of each cell of the grid, on the first of `folds`."""
    folds: tuple[Annotated[int, Field(ge=0)], ...] = Field((0,), min_length=1)
    """Lists the folds that the trials of the study train, counted from 0."""
    trials: Annotated[int, Field(ge=0)] = 0
    """Sets how many trials the Optuna study has, all runs together. 0 makes no study."""
    epochs: Count | None = None
    """Sets the epochs of a trial. Null takes the member's own."""
    ranges: dict[str, tuple[Any, ...]] = Field({})
    """Says what the study varies, as key: [low, high, log or linear], or key: a list of choices.
    Keys are those of the member and of `crop`; empty varies learning rate and weight decay."""
    seed: Seed = 777
    """Seeds the study's draws."""

    @model_validator(mode="after")
    def _agree(self) -> "Tune":
        low, high, number = self.sweep
        if low >= high or number < 3:
            raise ValueError(f"sweep: low, high and at least 3 rates, found {list(self.sweep)}")
        return self
