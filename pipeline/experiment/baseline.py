"""The baseline of an experiment: one frozen backbone with ridge heads, everything else the same."""

from pipeline.config import Experiment
from pipeline.config.member import Head, Member
from pipeline.config.task import Task

BACKBONE = "tf_efficientnet_lite0"  # its ImageNet weights come with a package: no network needed
IMAGE_SIZE = 224
MEMBER = "baseline"


def baseline_name(experiment: str) -> str:
    """The name of an experiment's baseline, as compare, report and ledger take it."""
    return f"{experiment}-baseline"


def needs_training(settings: Experiment) -> bool:
    """Whether a member learns by steps, so that the baseline is worth a comparison."""
    return any(member.head is None for member in settings.members.values())


def baseline_settings(settings: Experiment) -> Experiment:
    """The same competition and folds, answered by one member `baseline` with head: ridge.

    Its name is NAME-baseline, so its runs and its submission stand beside the experiment's.
    """
    crop, size = settings.crop, IMAGE_SIZE
    if crop.faces == "given":  # cropped already: no more pixels to be had
        size = min(IMAGE_SIZE, 2 * crop.size)
    else:
        crop = crop.model_copy(update={"size": max(crop.size, IMAGE_SIZE)})
    tasks = {
        name: Head(band=shared_band(task)) for name, task in settings.competition.learnable.items()
    }
    if "answer" in tasks and len(tasks) > 1:
        del tasks["answer"]  # the product of the others
    member = Member(tasks=tasks, backbone=BACKBONE, image_size=size, head="ridge")
    raw = settings.model_dump(mode="python")
    fresh = Experiment.model_fields
    for key in ("ensemble", "stack", "compare", "pool", "transfer", "tune"):
        raw[key] = fresh[key].get_default()
    raw |= {
        "name": baseline_name(settings.name),
        "crop": crop,
        "members": {MEMBER: member},
        "tta": ("identity", "flip"),
    }
    return Experiment.model_validate(raw)


def shared_band(task: Task) -> float | None:
    """Labels this near an edge are shared between both bins: an eighth of the narrowest bin."""
    if task.edges is None or len(task.edges) < 2:
        return None
    gaps = [high - low for low, high in zip(task.edges, task.edges[1:], strict=False)]
    return min(gaps) / 8.0
