"""What every stage is called with: the settings, where files lie, and what was typed."""

import time
from dataclasses import dataclass, field

from pipeline.config import Experiment
from pipeline.storage import Runs


@dataclass(frozen=True)
class Work:
    """What a stage is called with: the settings, where things live, and the command as typed."""

    settings: Experiment
    runs: Runs
    command: list[str]
    words: tuple[str, ...] = ()  # what the stage takes beside settings: files, names
    options: dict[str, str] = field(default_factory=dict)  # its own key=value words
    names_config: bool = False  # -c was typed; without it the settings are the sample's
    began: float = field(default_factory=time.monotonic)  # when the command began, of that clock
