"""A written config looked at as the first stages will look at it, before it is kept."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.config import Experiment, load_experiment
from pipeline.experiment.tasks import contest_tasks
from pipeline.leaderboard.submission import check_answering
from pipeline.preprocessing.read_contest import read_contest
from pipeline.preprocessing.unseen_images import check_test_images, missing_train_note
from pipeline.storage import Runs
from pipeline.tables import OK


@dataclass(frozen=True)
class Checked:
    """The settings as they load, and what reading the contest with them gave.

    `problem` is '' or what index, split or train would stop at: then nothing was counted, unless
    there are no train images. `notes` is what index will say.
    """

    settings: Experiment
    num_train: int = 0
    num_test: int = 0
    problem: str = ""
    notes: tuple[str, ...] = ()


def check_config(path: Path, *, configs: Path) -> Checked:
    """Reads the contest with the settings of a file. Raises ValueError where these don't load."""
    settings = load_experiment(str(path), [], configs=configs)
    runs = Runs(settings)
    contest = settings.competition
    root = runs.root
    try:
        found = read_contest(contest, contest_tasks(settings), root=root, fixes=runs.fixes)
        said = check_test_images(found.images, root=root, most=contest.missing_test)
        check_answering(settings, runs)
    except ValueError as error:
        return Checked(settings, problem=str(error))
    images = found.images
    usable = images[images["status"] == OK]
    num_train = int((usable["part"] == "train").sum())
    num_test = int((images["part"] == "test").sum())
    problem = "" if num_train else f"{root}: no train image has its label"
    notes = [*found.notes, *missing_train_note(images), *([said] if said else [])]
    return Checked(settings, num_train, num_test, problem, tuple(notes))
