"""How much memory a member's network needs."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from pipeline.config import Experiment, Member

if TYPE_CHECKING:
    from pipeline.models.memory_estimate import Footprint

PROCESS = 700 * 2**20  # bytes of a process that has imported torch and its friends


def footprint_of(settings: Experiment, name: str, precision: str) -> Footprint:
    """What one member's network needs."""
    from pipeline.experiment.tasks import member_tasks

    member = settings.members[name]
    tasks = tuple(member_tasks(settings, member))
    return _footprint(member.model_dump_json(), tasks, precision)


@lru_cache(maxsize=64)
def _footprint(member: str, tasks: tuple, precision: str) -> Footprint:
    from pipeline.experiment.build import make_network
    from pipeline.models.memory_estimate import measure_footprint

    read = Member.model_validate_json(member)
    network = make_network(read, tasks, weights="none")
    return measure_footprint(network, image_size=read.image_size, precision=precision)
