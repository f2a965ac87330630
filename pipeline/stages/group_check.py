"""The stages that check the machine and what was handed in. They run each time."""

from pipeline.console.installation import COMMAND
from pipeline.stages.stage import Stage

DOCTOR = Stage(
    name="doctor",
    summary="is everything here that the work needs? python, packages, GPU, disk, data, a batch",
    group="check",
    example=f"{COMMAND} doctor -c masks",
)


REPRODUCE = Stage(
    name="reproduce",
    summary="makes a submission again from its record and compares the bytes",
    group="check",
    arguments="submissions/NAME.json",
    options=("root", "device"),
    example=f"{COMMAND} reproduce submissions/masks.json",
)
