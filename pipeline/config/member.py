"""How one member learns: heads, losses, network, optimiser, schedule, data."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipeline.config.member_parts import Distil, Lora, Mix, Pseudo, Schedule, Trunk
from pipeline.config.preprocessing import MemberCrop
from pipeline.config.types import Count, Positive, Seed, Settings
from pipeline.labels.kinds import DEFAULT_LOSS

PlainOptimiser = Literal["adam", "adamw", "sgd", "nadamw", "lion", "lamb", "adan", "muon"]
Optimiser = Literal[
    PlainOptimiser,
    "lookahead_adam",
    "lookahead_adamw",
    "lookahead_sgd",
    "lookahead_nadamw",
    "lookahead_lion",
    "lookahead_lamb",
    "lookahead_adan",
    "lookahead_muon",
]


class Head(Settings):
    """How one member learns one task."""

    loss: str | dict[str, Positive] | None = None
    """Names the loss of this task, or a mixture as name: weight. Null takes cross_entropy for
    multiclass, bce for binary and multilabel, and l1 for regression."""
    weight: Positive = 1.0
    """Sets the weight of this task's loss in the member's sum."""
    smoothing: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Spreads this share of a label over all classes (label smoothing). 0 means none."""
    gamma: Annotated[float, Field(ge=0.0)] = 2.0
    """Sets the exponent of `focal` and `asymmetric`: the larger, the less the easy images count."""
    margin: Annotated[float, Field(ge=0.0, le=1.5)] = 0.3
    """Sets the angle, in radians, that `arcface` adds between an image and its class."""
    scale: Positive = 30.0
    """`arcface` multiplies the cosines by this."""
    delta: Positive = 1.0
    """`huber` turns from squared to absolute at this distance, in the label's unit."""
    sigma: Positive = 2.0
    """`distribution` gives a label this standard deviation, in the label's unit."""
    bins: Annotated[int, Field(ge=2)] | None = None
    """Sets how many values `ordinal`, `coral` and `distribution` put between low and high. Null
    takes every whole number."""
    span: tuple[float, float] | None = None
    """Gives the lowest and highest number behind the classes of a task with edges. With it
    `ordinal`, `coral` and `distribution` learn the number in place of the classes."""
    class_weights: Literal["none", "balanced"] | tuple[Positive, ...] = "none"
    """Weighs the classes in the loss: `balanced` makes rare classes count as much as frequent ones,
    a list gives one number a class. Of multilabel the list weighs each label, and `balanced` weighs
    a true label by how much rarer it is than its absence."""
    bin_weights: Annotated[int, Field(ge=2)] | None = None
    """Cuts numbers into so many bins, and lets images of rare bins count more in the loss. Null
    weighs all the same."""
    bin_power: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Makes the weight of a bin (1 / its count) to this power. A lower power is gentler."""
    edges: tuple[float, ...] | None = None
    """Cuts the number at other edges for training than for the answer, as many as the task has."""
    band: Positive | None = None
    """Labels this near an edge, in years or the label's unit, are shared between both bins. Null
    shares none."""

    def losses_for(self, kind: str) -> dict[str, float]:
        """The names of the losses with their weights, for a task of this kind."""
        if isinstance(self.loss, dict):
            return dict(self.loss)
        return {self.loss or DEFAULT_LOSS[kind]: 1.0}


class Member(Settings):
    """One recipe. It is trained once for every fold and seed; each of these is a cell."""

    tasks: dict[str, Head] = Field(min_length=1)
    """Lists what the member learns: one head for each task."""
    backbone: str
    """Names the network, as timm calls it, or `small_cnn`."""
    weights: str = "imagenet"
    """Says what the backbone starts from: `imagenet`, `none`, a file's path, `hf-hub:OWNER/NAME`,
    or `run:EXPERIMENT/MEMBER` for what another experiment learnt (of the same fold where the images
    are the same)."""
    image_size: Annotated[int, Field(ge=16, le=1024)] = 224
    """Sets the side, in pixels, at which the network sees the crops. A larger one is slower and
    often better."""
    crop: MemberCrop = MemberCrop()
    """Gives this member crops of its own, cut around the same faces: wider, larger or aligned."""
    head: Literal["ridge", "logistic", "kernel_ridge"] | None = None
    """Fits the heads in one go on the frozen backbone: ridge regression, logistic regression (no
    numbers) or a ridge behind a Gaussian kernel. It takes minutes, and settings of training
    (losses, augment, optimiser, epochs) count for nothing. Null trains heads with the backbone."""
    layers: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    """Lists the blocks of the backbone that such a head looks at, counted from 0. Null takes all
    but the first third."""
    hidden: Count | None = None
    """Puts a layer of so many units (Linear, BatchNorm, ReLU) between backbone and heads. Null has
    no such layer."""
    dropout: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Drops this share of the features before the heads in training."""
    drop_path: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0
    """Sets the rate of stochastic depth in the backbone."""
    freeze: int | Literal["all"] = 0
    """Keeps the weights of so many layer groups, counted from the input: 0 none, `all` every one,
    -1 all but the last."""
    freeze_by: Literal["stage", "block"] = "stage"
    """Says what `freeze` counts: whole stages of the network, or single blocks."""
    lora: Lora | None = None
    """Learns small additions to a transformer's attention in place of its weights; the heads learn
    as always. It needs the package peft, for training only."""
    frozen_norm: bool = False
    """Keeps the pretrained statistics of every BatchNorm. It helps with small batches."""
    trunk: Trunk | None = None
    """Computes what the layers that `freeze` keeps see in a few augmented variants of every image,
    once for all folds and seeds, and trains only the rest. Null computes them in every epoch."""
    optimiser: Optimiser = "adamw"
    """Names the optimiser. adam, adamw and sgd are torch's, the others timm's; `lookahead_` wraps
    any of them."""
    lr: Positive = 3e-4
    """Sets the learning rate of the heads, before the schedule. `./run.sh tune` measures a good
    one."""
    backbone_lr: Positive = 1.0
    """Sets the backbone's learning rate as a factor of `lr`. Use 0.1 or so when a pretrained
    backbone forgets."""
    layer_decay: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Multiplies the learning rate for each layer group down, so that early layers learn more
    slowly. 1.0 means the same rate for all."""
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.0
    """Sets the weight decay; biases and norms have none."""
    momentum: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.9
    """Sets the momentum of sgd, lion and muon; other optimisers have their own."""
    schedule: Schedule = Schedule()
    """Says how the learning rate changes."""
    epochs: Count = 10
    """Sets how often training goes through the images. With `head: ridge` it is 1."""
    batch_size: Count = 64
    """Sets how many images one training step sees."""
    accumulate: Count = 1
    """Computes each batch in so many pieces and adds their gradients: the step of the whole batch
    with the memory of a piece. BatchNorm sees each piece alone."""
    images_per_person: Count | None = None
    """Limits the images of each person in one epoch; every epoch draws others. Null takes all."""
    sampler: Literal["shuffled", "balanced"] = "shuffled"
    """`shuffled` takes every image once an epoch; `balanced` draws rare labels as often as frequent
    ones."""
    balance_on: str | None = None
    """Names the task or label column that `sampler: balanced` evens out. Null takes the member's
    only task."""
    balance_bins: Annotated[int, Field(ge=2)] = 10
    """Sets how many bins there are when `sampler: balanced` goes by a number."""
    repeats: Count = 1
    """Sets how often an epoch passes over the images, augmented differently each time."""
    mix: Mix | None = None
    """Mixes training images in pairs."""
    augment: tuple[dict[str, dict], ...] = ()
    """Lists the augmentations in order, as albumentations names them: `[{Rotate: {limit: 20}}]`.
    Empty means none."""
    clip_norm: Positive | None = None
    """Shortens a gradient whose norm is larger. Null does not clip."""
    ema: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    """Averages the weights over the steps with this decay (0.999 or so); the average is scored and
    kept. Null takes the weights as they are."""
    pseudo: Pseudo | None = None
    """Teaches test images too, with the labels that other members gave them."""
    distil: Distil | None = None
    """Teaches what other members answer, in place of the labels."""
    soup: str | None = None
    """Averages the weights of another member's seeds, in place of training: those whose average
    scores best on the other folds. Everything else is that member's. It answers where
    `ensemble.members` names it."""
    same_start: bool = False
    """Starts the heads of all seeds from the same random weights; only then can weights be averaged
    (`soup`)."""
    refit: bool = False
    """Trains one more network for each seed on everybody, for the median of the folds' best epochs.
    `infer.use` lets it answer."""
    best: Literal["last", "metric", "loss"] = "last"
    """Says which epoch's weights are kept. `metric` and `loss` choose the best one on the fold that
    is scored, which makes the score too good."""
    early_stop: Count | None = None
    """Ends a cell after so many epochs without a better one, which looks at the scored fold. Null
    trains all epochs."""
    seeds: tuple[Seed, ...] = Field((777,), min_length=1)
    """Trains every fold once for each seed; the predictions are averaged."""

    @property
    def teachers(self) -> tuple[str, ...]:
        """The members that it learns from, or whose weights it averages."""
        if self.soup is not None:
            return (self.soup,)
        taught = self.pseudo or self.distil
        return taught.by if taught else ()

    @property
    def is_student(self) -> bool:
        """Whether other members must be trained before it: it learns from what they say, or
        averages them."""
        return bool(self.teachers)

    @property
    def num_variants(self) -> int:
        """Augmented variants of an image that a cached trunk keeps beside the image as it is."""
        return self.trunk.variants if self.trunk is not None and self.augment else 0

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
        if self.head is not None or self.soup is not None:  # one pass, whatever defaults say
            object.__setattr__(self, "epochs", 1)
        if self.trunk is not None and self.head is None:
            if self.freeze == 0:
                raise ValueError("trunk: needs frozen layers; set freeze: 4, say, or freeze: all")
            if self.mix is not None:
                raise ValueError("trunk: goes without mix, which mixes the pixels of two images")
        if self.lora is not None and (self.head is not None or self.freeze != 0):
            what = "freeze" if self.head is None else "head"
            raise ValueError(
                f"lora: trains a backbone that {what}: keeps as it is; leave {what}: away"
            )
        for number, entry in enumerate(self.augment):
            if len(entry) != 1:
                raise ValueError(f"augment: entry {number + 1} must be one `Name: {{...}}`")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError(f"seeds: names the same seed twice in {list(self.seeds)}")
        if self.accumulate > 1 and self.batch_size < 2 * self.accumulate:
            raise ValueError(
                f"accumulate: a batch of {self.batch_size} has no {self.accumulate} pieces of two "
                f"images or more; allowed: 1 to {max(1, self.batch_size // 2)}"
            )
        if self.balance_on is not None and self.sampler != "balanced":
            raise ValueError("balance_on: goes with sampler: balanced")
        if self.sampler == "balanced" and self.balance_on is None and len(self.tasks) > 1:
            raise ValueError(
                f"sampler: balanced on what? set balance_on: one of {', '.join(self.tasks)}"
            )
        return self
