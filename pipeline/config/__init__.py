"""The typed settings and the only reader of YAML. Nothing here knows torch, pictures or tables."""

from pipeline.config.loading import load_experiment, recipe_hash, write_settings
from pipeline.config.settings import Competition, Experiment, Member

__all__ = [
    "Competition",
    "Experiment",
    "Member",
    "load_experiment",
    "recipe_hash",
    "write_settings",
]
