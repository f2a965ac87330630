"""plan: what the asked stages will take on this machine, from a short probe, before they are begun.

What it forecasts for train and infer is kept, and compared at their ends with what then happened.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.console.installation import COMMAND
from pipeline.experiment.baseline import baseline_settings, needs_training
from pipeline.experiment.data_summary import say_parts
from pipeline.experiment.work import Work
from pipeline.stages import STAGES, plan_stages
from pipeline.stages.registry import is_done, is_part
from pipeline.storage import MEGABYTE, Runs, display_path, read_table, write_json

if TYPE_CHECKING:
    from pipeline.features.planning.estimate import Forecast

ASKED = ("crop", "train", "infer")  # when no stage is named


def check(work: Work) -> None:
    """Raises ValueError for a stage that is none, and a price that is no number."""
    for name in work.words:
        if name not in STAGES or STAGES[name].repeats:
            known = ", ".join(key for key, stage in STAGES.items() if not stage.repeats)
            raise ValueError(f"plan: no stage {name!r} to be planned; there are {known}")
    for key in ("price", "tflops"):
        _number(work.options, key, 1.0)


def run(work: Work) -> None:
    """Probes the machine, prints the forecast of each stage, and writes it."""
    from pipeline.features.planning.estimate import make_forecast

    asked = list(work.words) or list(ASKED)
    stages = [name for name in plan_stages(asked) if not is_done(work, name)]
    counts = say_parts(read_table(work.runs.images))
    print(f"plan: {', '.join(asked)} for {work.settings.name}, {counts}")
    found = make_forecast(work, stages)
    write_json(work.runs.forecast, found.stored())
    for name in plan_stages(asked):
        if not is_part(work, name):
            continue
        if name not in stages:
            print(f"  {name:<10}done")
        elif name in found.parts:
            print(f"  {name:<10}{found.parts[name].say()}")
        else:
            print(f"  {name:<10}to do, seconds to a few minutes (without a forecast)")
    print("\n".join(f"plan: {line}" for line in _say_needs(work.runs, found)))
    print("\n".join(f"plan: {line}" for line in _say_price(work.options, found)))
    if "train" in stages and needs_training(work.settings) and not is_done(work, "baseline"):
        print(f"plan: {_say_baseline(work)}")
    print(f"plan: wrote {display_path(work.runs.forecast)}; train and infer say how it compares")


def _say_needs(runs: Runs, found: "Forecast") -> Sequence[str]:
    """Time in all, and what must be free of disk and memory, beside what is."""
    from pipeline.experiment.memory import free_memory

    below = runs.folder
    while not below.is_dir():
        below = below.parent
    lines = [
        f"{found.minutes:.1f} minutes in all, {found.slots} at once on {found.device}",
        f"disk: {found.disk / MEGABYTE:.0f} MB more, "
        f"{shutil.disk_usage(below).free / MEGABYTE:.0f} MB are free",
        f"memory: about {found.memory / MEGABYTE:.0f} MB of the machine's, "
        f"{free_memory() / MEGABYTE:.0f} MB are free",
    ]
    lines += found.notes
    if found.device != "cpu":
        lines.append(f"GPU memory: about {found.gpu_memory / MEGABYTE:.0f} MB for one cell")
    return lines


def _say_baseline(work: Work) -> str:
    """What the baseline would take, which says what the training must beat."""
    from pipeline.features.planning.estimate import make_forecast

    settings = baseline_settings(work.settings)
    baseline = replace(work, settings=settings, runs=Runs(settings))
    asked = [name for name in plan_stages(["infer"]) if not is_done(baseline, name)]
    found = make_forecast(baseline, asked)
    return (
        f"baseline first, {found.minutes:.1f} minutes: {COMMAND} baseline {work.settings.as_typed} "
        "says what the training must beat"
    )


def _say_price(options: Mapping[str, str], found: "Forecast") -> Iterator[str]:
    price = _number(options, "price", None)
    hours = found.minutes / 60.0
    if found.device != "cpu":
        cost = "" if price is None else f": {hours * price:.2f} at {price:g} an hour"
        yield f"on this machine {hours:.2f} hours{cost}"
        return
    if price is None:
        yield "price=2.5 says what a GPU at that price an hour would cost"
        return
    rate = _number(options, "tflops", 5.0) or 5.0
    hours = found.operations / (rate * 1e12) / 3600.0
    yield (
        f"a rented GPU at {price:g} an hour: train and infer are {found.operations / 1e15:.3f} "
        f"peta-operations, {60 * hours:.1f} minutes and {hours * price:.2f} if it sustains "
        f"{rate:g} TFLOP/s (tflops= says another rate; plan run there measures it)"
    )


def _number(options: Mapping[str, str], key: str, default: float | None) -> float | None:
    text = options.get(key)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value > 0:
        raise ValueError(f"plan: {key}={text} must be a number above 0")
    return value
