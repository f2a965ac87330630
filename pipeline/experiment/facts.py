"""What must agree between stored weights and the images they are used on."""

from pathlib import Path

from pipeline.experiment.build import member_transform
from pipeline.experiment.tasks import member_tasks
from pipeline.experiment.work import Work
from pipeline.storage import Cell, display_path

# raised by one when the code comes to mean something else by the same weights or checkpoint; files
# that do not say are of the first
GENERATION = 1


def cell_facts(work: Work, cell: Cell) -> dict:
    """What must agree between weights and the images they are used on."""
    member = work.settings.members[cell.member]
    tasks = member_tasks(work.settings, member)
    return {
        "generation": GENERATION,
        "competition": work.settings.competition.name,
        "backbone": member.backbone,
        "columns": {task.name: task.columns for task in tasks},
        "fingerprint": member_transform(member).fingerprint(crop_recipe=work.runs.crop_recipe),
    }


def check_facts(work: Work, cell: Cell, facts: dict, *, path: Path) -> None:
    """Raises ValueError, one sentence a difference, for a file made for another contest, class
    list, crop or input, or by code of another generation."""
    found = {"generation": 1, **facts}
    differ = [
        f"{display_path(path)}: its {key} is {found.get(key)!r}, but this experiment has "
        f"{wanted!r}; "
        "weights serve only what they were trained on"
        for key, wanted in cell_facts(work, cell).items()
        if found.get(key) != wanted
    ]
    if differ:
        raise ValueError("\n".join(differ))
