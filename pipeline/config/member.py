"""How one member learns: heads, losses, network, optimiser, schedule, data."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.types import Count, Fraction, Positive, Seed, Settings
from pipeline.labels.kinds import DEFAULT_LOSS

Optimiser = Literal[
    *("adam", "adamw", "sgd", "nadamw", "lion", "lamb", "adan", "muon"),
    *("lookahead_adam", "lookahead_adamw", "lookahead_sgd", "lookahead_nadamw"),
    *("lookahead_lion", "lookahead_lamb", "lookahead_adan", "lookahead_muon"),
]


class Distil(Settings):
    """Answers of other members on the training images, learnt as soft targets.

    A cell that holds out a fold takes them from cells that held out the same fold; the one that
    learns from everybody takes out-of-fold answers.
    """

    by: tuple[str, ...] = Field(min_length=1)
    """The members whose mean answer is the target."""
    share: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Of that answer; the rest is the label."""


class Pseudo(Settings):
    """Confident predictions on test images, learnt as if they were labels.

    A cell that holds out a fold takes them from cells that held out the same fold.
    """

    by: tuple[str, ...] = Field(min_length=1)
    """The members whose mean prediction is the label."""
    confidence: Fraction = 0.9
    """The least probability of the likeliest class, in every task."""
    share: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Of the images that seem to be of one class, the most confident ones."""
    labels: Literal["hard", "soft"] = "hard"
    """The likeliest class, or the probabilities."""


class Schedule(Settings):
    """The learning rate as a function of the step."""

    name: Literal["constant", "step", "cosine", "plateau"] = "constant"
    warmup_epochs: Annotated[float, Field(ge=0.0)] = 0.0
    """Rises linearly from 0."""
    floor: Fraction = 0.0
    """Cosine ends at this fraction of lr."""
    every_epochs: Count = 5
    """Step: multiplied by factor every so many epochs."""
    factor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.5
    """Step and plateau."""
    patience: Count = 2
    """Plateau: epochs without a better score before the factor."""


class Head(Settings):
    """How one member learns one task."""

    loss: str | dict[str, Positive] | None = None
    """A name, or names with weights; by kind if null."""
    weight: Positive = 1.0
    """Of this task's loss among the member's."""
    smoothing: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Label smoothing."""
    gamma: Annotated[float, Field(ge=0.0)] = 2.0
    """Focal."""
    margin: Annotated[float, Field(ge=0.0, le=1.5)] = 0.3
    """Arcface: angle in radians."""
    scale: Positive = 30.0
    """Arcface: of the cosines."""
    delta: Positive = 1.0
    """Huber: squared below, absolute above, in the label's unit."""
    sigma: Positive = 2.0
    """Distribution: spread of a label, in the label's unit."""
    bins: Annotated[int, Field(ge=2)] | None = None
    """Ordinal, coral, distribution: values from its low to its high; every whole number when null.
    """
    span: tuple[float, float] | None = None
    """The same losses of a task with edges: lowest and highest number behind its classes, which is
    learnt in place of them."""
    class_weights: Literal["none", "balanced"] | tuple[Positive, ...] = "none"
    bin_weights: Annotated[int, Field(ge=2)] | None = None
    """A number's samples weigh by the rarity of their bin, of so many between the smallest and the
    largest label."""
    bin_power: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """(1 / count) to this power."""
    edges: tuple[float, ...] | None = None
    """Other bin edges for training than for the answer."""
    band: Positive | None = None
    """Number labels near an edge are shared between both bins, years."""

    def losses_for(self, kind: str) -> dict[str, float]:
        """The names of the losses with their weights, for a task of this kind."""
        if isinstance(self.loss, dict):
            return dict(self.loss)
        return {self.loss or DEFAULT_LOSS[kind]: 1.0}


class Mix(Settings):
    """Training images mixed in pairs, their labels with them."""

    name: Literal["mixup", "cutmix", "half_face"]
    """Half_face: left half of one, right of another."""
    alpha: Positive = 1.0
    """Mixup and cutmix: the share comes from Beta(alpha, alpha)."""
    p: Annotated[float, Field(gt=0.0, le=1.0)] = 0.5
    """Of the batches."""
    within: str | None = None
    """Only pairs of the same class of this task."""


class Member(Settings):
    """One recipe. It is trained once for every fold and seed; each of these is a cell."""

    tasks: dict[str, Head] = Field(min_length=1)
    """One head each."""
    backbone: str
    """A timm name."""
    weights: str = "imagenet"
    """imagenet, none, a file's path, hf-hub:OWNER/NAME, or run:EXPERIMENT/MEMBER: what another
    experiment learnt, of the same fold where the images are the same."""
    image_size: Annotated[int, Field(ge=16, le=1024)] = 224
    """Pixels."""
    head: Literal["ridge"] | None = None
    """ridge: heads fitted in closed form on blocks of the frozen backbone: a baseline in minutes.
    Null: heads that are trained with the backbone."""
    layers: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    """With head: ridge, the blocks that it looks at, counted from 0; null: all but the first
    third."""
    hidden: Count | None = None
    """Units between backbone and heads: Linear-BatchNorm-ReLU."""
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Before the heads."""
    drop_path: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Stochastic depth in the backbone."""
    freeze: int | Literal["all"] = 0
    """Layer groups from the input on that keep their weights; -1: all but the last one."""
    freeze_by: Literal["stage", "block"] = "stage"
    """What freeze counts: stages, or single blocks."""
    frozen_norm: bool = False
    """Every BatchNorm keeps the pretrained statistics."""
    optimiser: Optimiser = "adamw"
    """adam, adamw and sgd are torch's, the others timm's; lookahead_ wraps any of them."""
    lr: Positive = 3e-4
    backbone_lr: Positive = 1.0
    """The backbone's learning rate as a factor of lr."""
    layer_decay: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Of the rate, a layer group down."""
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.0
    momentum: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.9
    """Of sgd, lion, muon."""
    schedule: Schedule = Schedule()
    epochs: Count = 10
    batch_size: Count = 64
    images_per_person: Count | None = None
    """Of each person in one epoch; all when null."""
    sampler: Literal["shuffled", "balanced"] = "shuffled"
    """Balanced: rare labels drawn as often."""
    balance_on: str | None = None
    """A task or label column; the member's only task when null."""
    balance_bins: Annotated[int, Field(ge=2)] = 10
    """Balanced on a number: its bins."""
    repeats: Count = 1
    """Passes over the images in one epoch, augmented differently each time."""
    mix: Mix | None = None
    augment: tuple[dict[str, dict], ...] = ()
    """Albumentations, in order."""
    clip_norm: Positive | None = None
    """Of the gradient."""
    ema: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    """Decay of the averaged weights."""
    pseudo: Pseudo | None = None
    """Test images with the labels that other members gave them."""
    distil: Distil | None = None
    """What other members answer, in place of the labels."""
    refit: bool = False
    """Then once more on everybody, for the median of the folds' best epochs."""
    best: Literal["last", "metric", "loss"] = "last"
    """Which epoch's weights are kept; metric and loss choose it on the fold that is scored, which
    flatters (see looks_at_held_out)."""
    early_stop: Count | None = None
    """Epochs without a better one before the cell ends."""
    seeds: tuple[Seed, ...] = Field((777,), min_length=1)

    @property
    def is_student(self) -> bool:
        """Whether it learns from what other members say."""
        return self.pseudo is not None or self.distil is not None

    @property
    def looks_at_held_out(self) -> tuple[str, ...]:
        """The settings by which training looks at the fold that its score is computed on.

        Each one makes the out-of-fold score too good, the more so the more epochs there are: the
        best of six epochs of one training was 0.011 macro-F1 above the last (463 people, 18
        classes), as much as two recipes differ.
        """
        looks = []
        if self.best != "last":
            looks.append(f"best: {self.best}")
        if self.early_stop is not None:
            looks.append(f"early_stop: {self.early_stop}")
        if self.schedule.name == "plateau":
            looks.append("schedule: plateau")
        return tuple(looks)

    @model_validator(mode="after")
    def _agree(self) -> "Member":
        if self.head is not None:  # a head in closed form takes one pass, whatever defaults say
            object.__setattr__(self, "epochs", 1)
        for number, entry in enumerate(self.augment):
            if len(entry) != 1:
                raise ValueError(f"augment: entry {number + 1} must be one `Name: {{...}}`")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds: the same seed twice in {list(self.seeds)}")
        if self.balance_on is not None and self.sampler != "balanced":
            raise ValueError("balance_on: goes with sampler: balanced")
        if self.sampler == "balanced" and self.balance_on is None and len(self.tasks) > 1:
            raise ValueError(
                f"sampler: balanced on what? set balance_on: one of {', '.join(self.tasks)}"
            )
        return self
