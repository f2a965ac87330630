"""explain: where the networks look in chosen or in the worst images, and what changes answers.

An image is shown to the cell that held its person out; a test image to the first fold's cell.
"""

from collections.abc import Mapping
from importlib.util import find_spec

from pipeline.config import Experiment
from pipeline.console.requirements import say_install
from pipeline.experiment.cells import used_members
from pipeline.experiment.images_table import read_labelled
from pipeline.experiment.work import Work
from pipeline.labels.answer_groups import is_grouped, say_alone
from pipeline.stages.status import say_untrained
from pipeline.storage import display_path

NUM = 24  # images on a sheet of heatmaps
SAMPLE = 100  # held-out images whose answers are looked at as they get worse


def check(work: Work) -> None:
    """Raises ValueError for an option that means nothing here and for a package that is missing."""
    asked_members(work.settings, asked=work.options.get("member"))
    if number_of(work.options, "num", NUM) and find_spec("pytorch_grad_cam") is None:
        raise ValueError(
            f"explain draws heatmaps with grad-cam; type: {say_install('explain')} "
            "(or leave them out: num=0)"
        )
    number_of(work.options, "sample", SAMPLE)
    say_untrained(work, "explain")


def run(work: Work) -> None:
    """Writes the heatmaps, and the table and curves of sensitivity."""
    from pipeline.features.explain.heatmaps import draw_heatmaps
    from pipeline.features.explain.sensitivity import measure_sensitivity

    number = number_of(work.options, "num", NUM)
    sample = number_of(work.options, "sample", SAMPLE)
    members = asked_members(work.settings, asked=work.options.get("member"))
    written = []
    if number:
        written += draw_heatmaps(
            work.settings, work.runs, members, number=number, asked=work.options.get("images")
        )
    if sample and "images" not in work.options:
        written += measure_sensitivity(work.settings, work.runs, members, number=sample)
    if is_grouped(read_labelled(work.runs)):
        print(f"explain: {say_alone('looked at', per=work.settings.competition.answered_per)}")
    where = display_path(work.runs.explained(""))
    print(f"explain: wrote {', '.join(written) or 'nothing'} to {where}")


def asked_members(settings: Experiment, *, asked: str | None) -> list[str]:
    """The member that is asked for, or all of the ensemble. Raises ValueError for no member."""
    from pipeline.config.types import nearest

    if asked is None:
        return used_members(settings)
    if asked not in settings.members:
        known = ", ".join(settings.members)
        hint = nearest(asked, settings.members)
        raise ValueError(f"explain: no member {asked!r}{hint} the members are {known}")
    return [asked]


def number_of(options: Mapping[str, str], key: str, default: int) -> int:
    """A whole number among the stage's own words. Raises ValueError for anything else."""
    word = options.get(key, str(default))
    if not word.isdigit():
        raise ValueError(
            f"explain: {key}={word!r} must be a whole number, 0 or more, as in {key}={default}"
        )
    return int(word)
