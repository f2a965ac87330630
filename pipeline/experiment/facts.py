"""What must agree between stored weights and the images they are used on."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.experiment.member_context import MemberContext
from pipeline.storage import display_path

# raised by one when the code comes to mean something else by the same weights or checkpoint; files
# that do not say are of the first
GENERATION = 1


def cell_facts(member: MemberContext, *, crop_recipe: str) -> dict:
    """What is written into the weights of a member's cells; `crop_recipe` as in Runs."""
    return {
        "generation": GENERATION,
        "competition": member.competition,
        "backbone": member.recipe.backbone,
        "columns": {task.name: task.columns for task in member.tasks},
        "fingerprint": member.transform.fingerprint(crop_recipe=crop_recipe),
    }


def check_facts(facts: Mapping, *, wanted: Mapping, path: Path) -> None:
    """Raises ValueError, one sentence a difference, for a file whose facts are not the wanted ones:
    it was made for another contest, class list, crop or input, or by code of another generation."""
    found = {"generation": 1, **facts}
    differ = []
    for key, value in wanted.items():
        if found.get(key) != value:
            differ.append(
                f"{display_path(path)}: its {key} is {found.get(key)!r}, but this experiment has "
                f"{value!r}; weights serve only what they were trained on"
            )
    if differ:
        raise ValueError("\n".join(differ))
