"""An experiment's crops: how they are cut, which member looks at which, how many there are."""

from pipeline.config import Experiment
from pipeline.config.preprocessing import Crop
from pipeline.faces.crop_store import open_crops
from pipeline.faces.recipe import CropRecipe
from pipeline.storage import Runs

CROPS = "crops"  # the experiment's own; those of a member are named after it


def count_crops(runs: Runs) -> int:
    """How many crops are stored; 0 before they are cut."""
    return len(open_crops(runs.crops)) if runs.crops.exists() else 0


def recipe_of(crop: Crop) -> CropRecipe:
    """How a face is cut out by these settings."""
    return CropRecipe(margin=crop.margin, size=crop.size, align=crop.align)


def crop_names(settings: Experiment) -> dict[str, str]:
    """By member, the name of the crops that it looks at: `crops`, or `crops_NAME` of the first
    member that has them. Members whose crops are cut alike share a name."""
    first: dict[CropRecipe, str] = {recipe_of(settings.crop): CROPS}
    names = {}
    for member in settings.members:
        recipe = recipe_of(settings.member_crop(member))
        names[member] = first.setdefault(recipe, f"{CROPS}_{member}")
    return names


def crop_recipes(settings: Experiment, names: dict[str, str]) -> dict[str, CropRecipe]:
    """The recipe of each name that crop_names gave."""
    return {name: recipe_of(settings.member_crop(member)) for member, name in names.items()}
