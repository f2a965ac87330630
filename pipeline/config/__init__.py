"""The typed settings and the only reader of YAML. Nothing here knows torch, pictures or tables."""

from pipeline.config.competition import Competition
from pipeline.config.experiment import Experiment
from pipeline.config.loading import (
    load_experiment,
    load_settings,
    read_settings,
    recipe_hash,
    write_settings,
)
from pipeline.config.member import Member

__all__ = [
    "Competition",
    "Experiment",
    "Member",
    "load_experiment",
    "load_settings",
    "read_settings",
    "recipe_hash",
    "write_settings",
]
