"""A config whose training fits into some hours on this machine."""

from dataclasses import dataclass

from pipeline.features.new_contest.check_config import Checked
from pipeline.features.new_contest.face_look import Sizes
from pipeline.features.new_contest.guess import Guess
from pipeline.features.new_contest.make_config import (
    Place,
    check_text,
    look_for_crop,
    make_setting,
    write_text,
)
from pipeline.features.new_contest.strong_recipe import first_size
from pipeline.features.new_contest.understand import Understood


@dataclass(frozen=True)
class Made:
    """The text of the config, how it was checked, and what its crop and recipe are for."""

    text: str
    checked: Checked
    crop: Guess[dict[str, object]] | None
    gpu: bool


def fit_to_hours(found: Understood, place: Place, sizes: Sizes, *, hours: float) -> Made:
    """The config of what was found. Raises ValueError where it does not load."""
    import torch

    gpu = torch.cuda.is_available()
    if found.draft is None:
        text = write_text(found, place, setting=None, size=None, gpu=gpu)
        return Made(text, check_text(text, place.path.stem), None, gpu)
    crop = look_for_crop(found, sizes)
    setting = make_setting(found.draft, sizes, crop, gpu=gpu)
    text = write_text(found, place, setting=setting, size=first_size(setting), gpu=gpu)
    return Made(text, check_text(text, place.path.stem), crop, gpu)
