"""What can be checked of a training before anything is spent."""

from collections.abc import Callable, Iterator, Mapping

from pipeline.config import Experiment, Member
from pipeline.storage import Runs


def check_training(settings: Experiment, runs: Runs) -> None:
    """Raises ValueError, one sentence a line, for a backbone or recipe that can't be built."""
    problems = []
    for name, member in settings.members.items():
        for key, sentence in member_problems(settings, runs, member):
            problems.append(f"members.{name}.{key}: {sentence}")
        for key, sentence in weight_problems(settings, runs, name):
            problems.append(f"members.{name}.{key}: {sentence}")
    problems += machine_problems(settings)
    if problems:
        raise ValueError("\n".join(dict.fromkeys(problems)))


def member_problems(settings: Experiment, runs: Runs, member: Member) -> Iterator[tuple[str, str]]:
    """The key of a member's settings and a sentence, for each one that can't be built."""
    from pipeline.experiment.data_loading import augments_there
    from pipeline.experiment.targets import check_balance
    from pipeline.images.augment import build_augment
    from pipeline.models import layers, lora, network, pretrained

    unknown = list(_problem("backbone", pretrained.check_backbone, member.backbone))
    if unknown:
        yield from unknown
        return  # what follows would only say the same again
    yield from _problem(
        "image_size", pretrained.check_image_size, member.backbone, image_size=member.image_size
    )
    yield from _problem(
        "drop_path", pretrained.check_drop_path, member.backbone, drop_path=member.drop_path
    )
    yield from _problem("balance_on", check_balance, settings, runs, member)
    if member.head is not None:
        yield from _problem("layers", network.check_blocks, member.backbone, layers=member.layers)
    yield from _problem(
        "freeze", layers.check_freeze, member.backbone, number=member.freeze, by=member.freeze_by
    )
    yield from _problem(
        "layer_decay", layers.check_layer_decay, member.backbone, layer_decay=member.layer_decay
    )
    if member.trunk is not None and member.head is None:
        yield from _problem("trunk", check_trunk, member)
    if member.lora is not None:
        yield from _problem("lora", lora.check_lora, member.backbone)
    unbuilt = list(_problem("augment", build_augment, member.augment))
    yield from unbuilt
    if not unbuilt:
        yield from _problem(
            "augment",
            augments_there,
            settings,
            member.augment,
            side=member.image_size,
            device_type="cpu",
        )


def check_trunk(member: Member) -> None:
    """Raises ValueError where a member's backbone can't be cut behind its frozen layers."""
    from pipeline.models.layers import freeze_layers
    from pipeline.models.pretrained import load_backbone
    from pipeline.models.trunk import find_cut

    size = member.image_size
    body = load_backbone(member.backbone, weights="none", drop_path=0.0, image_size=size)
    freeze_layers(body, number=member.freeze, by=member.freeze_by)
    find_cut(body, image_size=size)


def weight_problems(settings: Experiment, runs: Runs, name: str) -> Iterator[tuple[str, str]]:
    """The key and a sentence for weights that are not there or don't fit the member's backbone."""
    from pipeline.experiment.cells import member_cells
    from pipeline.models.pretrained import check_backbone, check_weights
    from pipeline.training.initial_weights import with_own_weights

    def check() -> None:
        checked = set()
        for cell in member_cells(settings, name):
            member = with_own_weights(settings, runs, cell)
            if member.weights not in checked:
                checked.add(member.weights)
                check_weights(member.backbone, weights=member.weights, image_size=member.image_size)

    backbone = settings.members[name].backbone
    if not list(_problem("backbone", check_backbone, backbone)):
        yield from _problem("weights", check)


def machine_problems(settings: Experiment) -> Iterator[str]:
    """A sentence for each thing that this machine lacks for the training."""
    from pipeline.experiment.device import choose_device
    from pipeline.jobs.run import check_launch
    from pipeline.models.speedups import check_compiler
    from pipeline.training.trackers import check_tracking

    no_device = [sentence for _, sentence in _problem("device", choose_device, settings)]
    yield from no_device
    for _, sentence in _problem("launch", check_launch, settings):
        yield sentence
    for _, sentence in _problem("track", check_tracking, settings):
        yield sentence
    if settings.compile and not no_device:
        device, _precision = choose_device(settings)
        for _, sentence in _problem("compile", check_compiler, device.type):
            yield sentence


def describe_looks(members: Mapping[str, Member]) -> Iterator[str]:
    """A sentence for each member whose training looks at the fold that it is scored on."""
    for name, member in members.items():
        if member.looks_at_held_out:
            looks = ", ".join(member.looks_at_held_out)
            yield (
                f"{name} looks at the fold that is scored ({looks}), so its out-of-fold score is "
                "too good, often by about 0.01; best: last and schedule: {name: cosine} avoid that"
            )


def _problem(
    key: str, check: Callable[..., object], *arguments: object, **options: object
) -> Iterator[tuple[str, str]]:
    """The key with what a check has to say, if it raises ValueError."""
    try:
        check(*arguments, **options)
    except ValueError as error:
        yield key, str(error)
