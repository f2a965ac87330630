"""The typed settings and the only reader of YAML. Nothing here knows torch, images or tables."""

from pipeline.config.competition import Competition
from pipeline.config.experiment import Experiment
from pipeline.config.loading import (
    fingerprint_of,
    load_experiment,
    load_settings,
    read_settings,
    write_settings,
)
from pipeline.config.member import Member

__all__ = [
    "Competition",
    "Experiment",
    "Member",
    "fingerprint_of",
    "load_experiment",
    "load_settings",
    "read_settings",
    "write_settings",
]
