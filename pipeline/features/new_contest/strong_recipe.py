"""The recipe for a contest that the project does not know: crop, folds, members, views.

The numbers are those of the shipped recipes for contests of that size, on a GPU or on CPU cores.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.console.installation import COMMAND
from pipeline.features.new_contest.guess import Guess
from pipeline.features.new_contest.label_kinds import LabelKind
from pipeline.features.new_contest.mirror_labels import find_places, find_sides, find_turns
from pipeline.features.new_contest.task_guess import TaskGuess
from pipeline.features.new_contest.yaml_writer import Entry

LEAST_SIZE = 64  # pixels: the smallest input at which the backbones still see parts of a face
FEW, SOME, MANY = 1_000, 10_000, 50_000  # train images
SPAN = (4.0, 150.0)  # from low to high: a distribution over whole numbers needs some, not too many
LEAST_RATE = 3.0  # images a second that any machine learns at least
THRESHOLD_METRICS = ("f1", "hter", "macro_f1", "balanced_accuracy", "matthews", "kappa")
FROZEN_SIZE = 224  # pixels of a frozen backbone: it looks once at each image
FLIP = {"HorizontalFlip": {"p": 0.5}}
MOVE = {
    "Affine": {
        "scale": [0.9, 1.1],
        "translate_percent": [-0.05, 0.05],
        "rotate": [-10, 10],
        "border_mode": 1,
        "p": 0.8,
    }
}
LIGHT = {"RandomBrightnessContrast": {"brightness_limit": 0.2, "contrast_limit": 0.2, "p": 0.7}}


@dataclass(frozen=True)
class Setting:
    """What a recipe is made for."""

    tasks: tuple[TaskGuess, ...]
    answered: tuple[str, ...]  # the tasks of the answer
    writes_probabilities: bool
    num_images: int
    num_people: int | None  # None where nobody is named
    side: int  # pixels: median of the images' shorter sides
    crop: Guess[dict[str, object]]
    gpu: bool


@dataclass(frozen=True)
class Size:
    """How much is trained: what hours= changes."""

    folds: int
    epochs: int
    members: int
    why: str = ""


def first_size(setting: Setting) -> Size:
    """How much a contest of this many images is trained where time is no matter."""
    number = setting.num_images
    units = setting.num_people or number
    folds = 3 if units < 60 else 5
    if setting.gpu:
        epochs = 15 if number < SOME else 10 if number < MANY else 6
    else:
        epochs = 6 if number < SOME else 4 if number < MANY else 3
    return Size(folds, epochs, members=2)


def num_passes(setting: Setting, size: Size) -> float:
    """How often an image is learnt or answered in all of the training."""
    repeats = 2 if setting.num_images < FEW else 1
    learnt = size.epochs * repeats * (size.folds - 1)
    return setting.num_images * size.members * (learnt + 2.0)


def shrink(size: Size, *, minutes: float, fixed: float, hours: float) -> Size:
    """The size that fits into these hours: first one member less, then fewer folds, then epochs.

    `minutes` is what training and answering take at this size, `fixed` what the rest takes.
    """
    room = max(60.0 * hours - fixed, 1.0)
    if minutes <= room:
        return size
    steps = []
    if size.members > 1:
        minutes /= size.members
        size = replace(size, members=1)
        steps.append("one member instead of two")
    if minutes > room and size.folds > 3:
        minutes *= (3 - 1) / (size.folds - 1)  # each fold learns from all others
        size = replace(size, folds=3)
        steps.append("three folds")
    if minutes > room:
        epochs = max(1, int(size.epochs * room / minutes))
        size = replace(size, epochs=epochs)
        steps.append(f"{epochs} epoch{'s' if epochs > 1 else ''}")
    why = f"{', '.join(steps)}, so that it fits into hours={hours:g} on this machine"
    return replace(size, why=why)


def recipe_entries(setting: Setting, size: Size) -> list[Entry]:
    """The experiment's part of the config."""
    pixels = image_size(setting)
    crop = {**setting.crop.value, "size": pixels}
    entries = [
        Entry(why=f"How to win it. Every key is explained by {COMMAND} help settings KEY."),
        Entry("crop", crop, setting.crop.why),
        Entry("folds", _folds(setting, size), _folds_why(setting)),
    ]
    if setting.gpu:
        entries.append(Entry("augmenter", "auto", "on the GPU, where it has all transforms"))
    if size.why:
        entries.append(Entry(why=size.why))
    entries += [
        Entry("defaults", _defaults(setting, size, pixels)),
        Entry("members", _members(setting, size)),
        _views(setting),
        Entry("ensemble", _ensemble(setting)),
    ]
    return entries


def _mirror_why(setting: Setting) -> str:
    """Why a mirrored image has another label; '' where it has the same."""
    tasks = setting.tasks
    name = find_places(tasks) or find_turns(tasks) or find_sides(tasks)
    return f"no mirror images: {name} may be another one there" if name else ""


def _views(setting: Setting) -> Entry:
    why = _mirror_why(setting)
    if why:
        return Entry("tta", ["identity"], why)
    return Entry("tta", ["identity", "flip"], "the mean of an image and its mirror image")


def _augment(setting: Setting) -> Entry:
    name = find_places(setting.tasks) or find_turns(setting.tasks)
    if name:
        why = f"{name} of a mirrored, moved or turned image may be another one"
        return Entry("augment", [LIGHT], why)
    why = _mirror_why(setting)
    return Entry("augment", [MOVE, LIGHT], why) if why else Entry("augment", [FLIP, MOVE, LIGHT])


def image_size(setting: Setting) -> int:
    """The side of a network's input: no more pixels than the images have, in steps of 16."""
    most = 288 if setting.gpu else 128
    side = setting.side or LEAST_SIZE
    return int(min(most, max(LEAST_SIZE, 16 * round(side / 16))))


def _folds(setting: Setting, size: Size) -> dict[str, object]:
    folds: dict[str, object] = {"num": size.folds}
    if setting.num_people is None and setting.num_images < MANY:
        folds["lookalikes"] = 0.7
    if len(setting.tasks) > 4:
        folds["balance"] = [task.name for task in setting.tasks[:4]]
    return folds


def _folds_why(setting: Setting) -> str:
    if setting.num_people is None:
        return "nobody is named: copies and images of one sitting stay together"
    return "no person is on both sides"


def _defaults(setting: Setting, size: Size, pixels: int) -> list[Entry]:
    number = setting.num_images
    entries = [
        Entry("image_size", pixels),
        Entry("optimiser", "adamw"),
        Entry("schedule", {"name": "cosine", "warmup_epochs": 0.5, "floor": 0.01}),
        Entry("epochs", size.epochs),
        Entry("batch_size", 32 if number >= FEW else 16),
    ]
    if setting.gpu:
        why = "what ConvNeXt's authors fine-tune with; configs/utkface.yaml says more"
        entries += [
            Entry("lr", 1e-4, why),
            Entry("weight_decay", 0.05),
            Entry("layer_decay", 0.8),
            Entry("drop_path", 0.2),
            Entry("ema", 0.998),
            Entry("clip_norm", 1.0),
        ]
    else:
        entries += [Entry("lr", 1e-3), Entry("weight_decay", 0.01), Entry("dropout", 0.2)]
        freeze = 6 if number < FEW else 4 if number < SOME else 2
        why = "first layer groups that keep their ImageNet weights: fewer images, more of them"
        entries.append(Entry("freeze", freeze, why))
    if number < FEW:
        entries.append(
            Entry("repeats", 2, "few images: each twice an epoch, augmented differently")
        )
    if len(setting.tasks) == 1 and _is_uneven(setting.tasks[0].label):
        entries.append(Entry("sampler", "balanced", "some classes are rare"))
    entries.append(_augment(setting))
    return entries


def _members(setting: Setting, size: Size) -> list[Entry]:
    if setting.gpu:
        first, second = "convnext_small.in12k_ft_in1k_384", "tf_efficientnet_b4.ns_jft_in1k"
    else:
        first, second = "tf_efficientnet_lite0", "tf_efficientnet_lite1"
    numbers = [task for task in setting.tasks if task.label.kind == "regression"]
    can_spread = bool(numbers) and all(_has_span(task.label) for task in numbers)
    # of 120 faces five epochs learn a distribution (MAE 7.0), and the number itself hardly (11.4)
    only_spread = can_spread and setting.num_images < FEW
    spread = "a distribution over the whole numbers from low to high"
    why = f"{spread}: few images teach it sooner than the number itself" if only_spread else ""
    members = [Entry("first", _member(setting, first, distribution=only_spread), why)]
    if not setting.gpu and setting.num_images < SOME:
        why = "no epochs, minutes: a ridge on frozen blocks errs elsewhere than trained networks"
        members.append(Entry("blocks", _frozen_member(setting, first), why))
    if size.members < 2:
        return members
    if can_spread and not only_spread:
        other = _member(setting, first, distribution=True)
        members.append(Entry("distribution", other, f"{spread}, which often helps"))
        return members
    more: list[Entry] = [Entry("seeds", [778])]
    if setting.gpu:
        more.append(Entry("lr", 3e-4))
    other = _member(setting, second, distribution=only_spread)
    members.append(Entry("second", [*other, *more], "another backbone"))
    return members


def _member(setting: Setting, backbone: str, *, distribution: bool) -> list[Entry]:
    heads = {task.name: _head(task, distribution=distribution) for task in setting.tasks}
    return [Entry("tasks", heads), Entry("backbone", backbone)]


def _frozen_member(setting: Setting, backbone: str) -> list[Entry]:
    """Heads in closed form, on larger crops where the faces are cut from larger images."""
    side = image_size(setting)
    pixels = min(FROZEN_SIZE, 2 * side)
    entries = [
        Entry("tasks", {task.name: {} for task in setting.tasks}),
        Entry("backbone", backbone),
        Entry("head", "ridge"),
        Entry("image_size", pixels),
    ]
    if setting.crop.value.get("faces") != "given" and pixels > side:
        entries.append(Entry("crop", {"size": pixels}))
    return entries


def _head(task: TaskGuess, *, distribution: bool) -> dict[str, Any]:
    if task.label.kind != "regression":
        return {}
    if distribution:
        return {"loss": "distribution"}
    return {"loss": "l1" if task.metric.value == "mae" else "mse"}


def _has_span(label: LabelKind) -> bool:
    if label.low is None or label.high is None:
        return False
    return SPAN[0] <= label.high - label.low <= SPAN[1]


def _ensemble(setting: Setting) -> dict[str, object]:
    ensemble: dict[str, object] = {"method": "mean"}
    answered = [task for task in setting.tasks if task.name in setting.answered]
    decided = [
        task
        for task in answered
        if task.label.kind == "binary" and task.metric.value in THRESHOLD_METRICS
    ]
    if decided and not setting.writes_probabilities:
        ensemble["threshold"] = "oof"
    return ensemble


def _is_uneven(label: LabelKind) -> bool:
    return label.kind != "regression" and label.balance < 0.3


def names_of(tasks: Sequence[TaskGuess]) -> tuple[str, ...]:
    """The names of tasks, in their order."""
    return tuple(task.name for task in tasks)
