"""The typed settings and the only reader of YAML. Nothing here knows torch, pictures or tables."""

from pipeline.config.contest import Competition
from pipeline.config.loading import (
    load_experiment,
    load_settings,
    read_settings,
    recipe_hash,
    write_settings,
)
from pipeline.config.recipe import Member
from pipeline.config.settings import Experiment

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
