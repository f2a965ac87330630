"""A config whose training fits into some hours on this machine."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.config import Experiment
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
from pipeline.features.new_contest.strong_recipe import (
    LEAST_RATE,
    Size,
    first_size,
    num_passes,
    shrink,
)
from pipeline.features.new_contest.understand import Understood


@dataclass(frozen=True)
class TimeForecast:
    """Minutes of training and answering, and of all else, on this machine."""

    training: float
    others: float

    @property
    def minutes(self) -> float:
        """All minutes together."""
        return self.training + self.others


ForecastOf = Callable[[Experiment], TimeForecast]


@dataclass(frozen=True)
class Made:
    """The text of the config, how it was checked, and what its crop and size are for.

    `minutes` is what plan forecasts for the config as it is written; None where it was not asked.
    """

    text: str
    checked: Checked
    crop: Guess[dict[str, object]] | None = None
    size: Size | None = None
    minutes: float | None = None


def fit_to_hours(
    found: Understood,
    place: Place,
    sizes: Sizes,
    *,
    hours: float,
    forecast_of: ForecastOf,
    gpu: bool,
) -> Made:
    """The config of what was found, no larger than fits. Raises ValueError where it can't load.

    `forecast_of` probes this machine, which takes half a minute: it is not asked where there are so
    few images that any machine has the time.
    """
    name = place.path.stem
    if found.draft is None:
        text = write_text(found, place, setting=None, size=None, gpu=gpu)
        return Made(text, check_text(text, name))
    crop = look_for_crop(found, sizes)
    setting = make_setting(found.draft, sizes, crop, gpu=gpu)
    size = first_size(setting)
    text = write_text(found, place, setting=setting, size=size, gpu=gpu)
    checked = check_text(text, name)
    if checked.problem or num_passes(setting, size) < 3600.0 * hours * LEAST_RATE:
        return Made(text, checked, crop, size)
    first = forecast_of(checked.settings)
    smaller = shrink(size, minutes=first.training, fixed=first.others, hours=hours)
    if smaller == size:
        return Made(text, checked, crop, size, first.minutes)
    text = write_text(found, place, setting=setting, size=smaller, gpu=gpu)
    share = num_passes(setting, smaller) / num_passes(setting, size)
    return Made(text, check_text(text, name), crop, smaller, first.others + share * first.training)
