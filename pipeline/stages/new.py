"""new: looks at the folder of an unzipped contest and writes configs/NAME.yaml, ready to run.

It reads tables, the sample submission, the names of folders, the sizes of images and a description,
looks for faces in about twenty images, and writes one file: the contest and a recipe, a reason
behind each line. Nothing is overwritten and nothing is assumed in silence: what is not sure is a
comment. hours=2 says how long training may take on this machine; sample=FILE chooses the sample
submission where there are several. A NAME that ends with .yaml is the file to write.
"""

import shlex
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.config import Experiment
from pipeline.console.installation import COMMAND
from pipeline.experiment.work import Work
from pipeline.features.new_contest.fit_hours import TimeForecast, fit_to_hours
from pipeline.features.new_contest.make_config import (
    find_place,
    measure,
    remove_made_tables,
    write_made_tables,
)
from pipeline.features.new_contest.say_understood import say_understood
from pipeline.features.new_contest.understand import understand_folder
from pipeline.stages.registry import run_missing
from pipeline.storage import Runs, check_writable, display_path, write_text

HOURS = 2.0
FORECAST_STAGES = ("crop", "train", "infer")


def check(work: Work) -> None:
    """Raises ValueError for words that name no folder, and where the config is there already."""
    folder, name = _words(work)
    _hours(work)
    if not folder.is_dir():
        what = "is a file, no folder" if folder.exists() else "no such folder"
        raise ValueError(f"new: {folder}: {what}; name the folder of the unzipped contest")
    place = find_place(folder, name, command=shlex.join(work.command))
    if not place.path.parent.is_dir():
        place.path.parent.mkdir()
    check_writable(place.path.parent, key="new: the second word, a path that ends with .yaml,")


def run(work: Work) -> None:
    """Writes the config and says what was understood.

    Raises ValueError where the config is written and can't run yet.
    """
    import torch

    folder, name = _words(work)
    hours = _hours(work)
    place = find_place(folder, name, command=shlex.join(work.command))
    sample = work.options.get("sample")
    found = understand_folder(folder, sample=sample, beside=place.path)
    sizes = measure(found)
    gpu = torch.cuda.is_available()
    write_made_tables(found)
    try:
        made = fit_to_hours(found, place, sizes, hours=hours, forecast_of=_forecast_of, gpu=gpu)
    except BaseException:
        remove_made_tables(found)
        raise
    write_text(place.path, made.text)
    for table in found.made:
        print(f"new: wrote {display_path(table.path)}: {table.why}")
    for line in say_understood(found, made, sizes, hours=hours):
        print(line)
    print(f"new: wrote {display_path(place.path)}; look at it, each line has its reason")
    if made.checked.problem:
        problems = "\n".join(f"new: {line}" for line in made.checked.problem.splitlines())
        raise ValueError(
            f"{problems}\nnew: {display_path(place.path)} can't run before that is mended, in it "
            "or in the folder; delete it to type the same again"
        )
    print("new: then an honest score in minutes, how long the training takes, and the submission:")
    for stages in ("baseline", "plan crop train infer", "crop train infer"):
        print(f"  {COMMAND} {stages} -c {place.called}")


def _forecast_of(settings: Experiment) -> TimeForecast:
    """What plan says of these settings, without leaving anything behind."""
    from pipeline.features.planning.estimate import make_forecast

    with TemporaryDirectory() as folder:
        there = settings.model_copy(update={"runs": folder})
        work = Work(settings=there, runs=Runs(there), command=[COMMAND, "plan"])
        with redirect_stdout(StringIO()):
            run_missing(work, ("index",))
            forecast = make_forecast(work, FORECAST_STAGES)
    training = sum(
        forecast.parts[name].seconds for name in FORECAST_STAGES[1:] if name in forecast.parts
    )
    return TimeForecast(training / 60.0, forecast.minutes - training / 60.0)


def _words(work: Work) -> tuple[Path, str | None]:
    if not 1 <= len(work.words) <= 2:
        raise ValueError(f"new: which folder? {COMMAND} new FOLDER [NAME] [hours=2]")
    folder, *names = work.words
    return Path(folder).expanduser(), names[0] if names else None


def _hours(work: Work) -> float:
    text = work.options.get("hours", f"{HOURS:g}")
    try:
        hours = float(text)
    except ValueError:
        hours = 0.0
    if not 0 < hours < 10_000:
        raise ValueError(f"new: hours={text} must be a number above 0")
    return hours
