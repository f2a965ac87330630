"""The stages: what each needs and makes. Only a stage touches disk, device and clock.

A stage's module has `run(work)` and, where it can fail on what the user asked for, `check(work)`,
which costs seconds at most and is called before any stage starts. `progress` knows what is done.
"""

from dataclasses import dataclass, field

from pipeline.config import Experiment
from pipeline.runs import Runs
from pipeline.stages.registry import STAGES, Stage, plan_stages

__all__ = ["STAGES", "Stage", "Work", "plan_stages"]


@dataclass(frozen=True)
class Work:
    """What a stage is called with: the settings, where things live, and the command as typed."""

    settings: Experiment
    runs: Runs
    command: list[str]
    words: tuple[str, ...] = ()  # what the stage takes beside settings: files, names
    options: dict[str, str] = field(default_factory=dict)  # its own key=value words
