"""One member with what its settings mean: its tasks, its evaluation transform, how it is read."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.config import Experiment, Member
from pipeline.experiment.build import head_losses, member_transform
from pipeline.experiment.tasks import member_tasks
from pipeline.images.transform import Transform
from pipeline.labels.tasks import Task


@dataclass(frozen=True)
class MemberContext:
    """A member's recipe and what follows from it; made once, by `member_context`."""

    name: str
    competition: str  # the contest's name: weights serve only the contest they were trained on
    recipe: Member
    tasks: tuple[Task, ...]  # in the order of the heads
    transform: Transform  # from a crop to the network's input, without augmentation
    losses: Mapping[str, str]  # by task: the loss whose form decodes the head's output

    def task(self, name: str) -> Task:
        """The task of that name; the member must have a head for it."""
        (found,) = (task for task in self.tasks if task.name == name)
        return found


def member_context(settings: Experiment, name: str) -> MemberContext:
    """The member of that name, with its tasks, transform and losses."""
    recipe = settings.members[name]
    tasks = member_tasks(settings, recipe)
    return MemberContext(
        name=name,
        competition=settings.competition.name,
        recipe=recipe,
        tasks=tuple(tasks),
        transform=member_transform(recipe),
        losses=head_losses(recipe, tasks),
    )
