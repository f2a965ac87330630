"""What plan forecast, kept beside the experiment, and compared with what then happened."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.jobs.job import makespan
from pipeline.storage import read_json


def compare_forecast(
    path: Path, stage: str, jobs: Sequence[str], *, seconds: float, divisible: bool = False
) -> None:
    """Prints planned and taken minutes of these jobs, when there is a plan that knows them all;
    divisible ones fill all slots evenly."""
    if not jobs or not path.exists():
        return
    found = read_json(path)
    known = {name: one for name, one in found["jobs"].items() if name in jobs}
    if set(known) != set(jobs):
        return
    needs = {name: one["needs"] for name, one in known.items()}
    lasting = {name: one["seconds"] for name, one in known.items()}
    slots = found["slots"]
    whole = makespan(lasting, needs, slots=slots)
    planned = found["start"] + (sum(lasting.values()) / slots if divisible else whole)
    print(f"{stage}: planned {planned / 60:.1f} min, took {seconds / 60:.1f}")
