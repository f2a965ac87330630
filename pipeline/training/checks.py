"""What can be checked of a training before anything is spent."""

from pipeline.config import Member
from pipeline.experiment.work import Work


def check_training(work: Work) -> None:
    """Raises ValueError, one sentence a line, for a backbone or recipe that can't be built."""
    from pipeline.experiment.data_loading import augments_there
    from pipeline.experiment.device import choose_device
    from pipeline.experiment.targets import check_balance
    from pipeline.images.augment import build_augment
    from pipeline.jobs.run import check_launch
    from pipeline.models.network import check_freeze
    from pipeline.models.pretrained import (
        check_backbone,
        check_drop_path,
        check_image_size,
        check_weights,
    )
    from pipeline.models.speedups import check_compiler
    from pipeline.training.trackers import check_tracking

    def check_augment(member: Member) -> None:
        build_augment(member.augment)
        side = member.image_size
        augments_there(work.settings, member.augment, side=side, device_type="cpu")

    problems = []
    for name, member in work.settings.members.items():
        for key, test in (
            ("backbone", lambda member=member: check_backbone(member.backbone)),
            (
                "weights",
                lambda member=member: check_weights(member.backbone, weights=member.weights),
            ),
            (
                "image_size",
                lambda member=member: check_image_size(
                    member.backbone, image_size=member.image_size
                ),
            ),
            (
                "drop_path",
                lambda member=member: check_drop_path(member.backbone, drop_path=member.drop_path),
            ),
            ("balance_on", lambda member=member: check_balance(work, member)),
            ("freeze", lambda member=member: check_freeze(member.backbone, number=member.freeze)),
            ("augment", lambda member=member: check_augment(member)),
        ):
            try:
                test()
            except ValueError as error:
                problems.append(f"members.{name}.{key}: {error}")
                if key == "backbone":
                    break  # what follows would only say the same again
    for look in (
        lambda: choose_device(work.settings),
        lambda: check_launch(work.settings),
        lambda: check_tracking(work),
        lambda: work.settings.compile and check_compiler(choose_device(work.settings)[0].type),
    ):
        try:
            look()
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("\n".join(dict.fromkeys(problems)))
