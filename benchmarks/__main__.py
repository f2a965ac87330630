"""bench: our way and the peer's way in turn on the same data; medians, ratio and its spread."""

import os
import shlex
import time
from dataclasses import replace
from pathlib import Path

from pipeline.experiment.work import Work
from pipeline.storage import provenance, shown, write_json, write_text

CPU = ("crop", "data", "step", "infer", "caruana", "folds")
GPU = ("gpu", "contest")
NAMES = (*CPU, "cells", "export", "growth", *GPU)


def check(work: Work) -> None:
    """Raises ValueError for a benchmark or a size that is none."""
    for name in work.words:
        if name not in NAMES:
            raise ValueError(f"bench: no benchmark {name!r}; there are {', '.join(NAMES)}")
    for key in ("num", "repeats", "epochs"):
        value = work.options.get(key)
        if value is not None and not (value.isdigit() and int(value) > 0):
            raise ValueError(f"bench: {key}={value} must be a whole number above 0")
    if work.options.get("clock", "wall") not in ("wall", "cpu"):
        raise ValueError(f"bench: clock={work.options['clock']}; allowed: wall, cpu")
    root = work.options.get("root")
    if root is not None and not Path(root).expanduser().is_dir():
        raise ValueError(f"bench: root={root} is no folder")
    device = work.options.get("device", "cuda")
    if device not in ("cpu", "cuda"):
        raise ValueError(f"bench: device={device}; allowed: cuda, cpu (tiny, to see that it runs)")
    if device == "cuda" and set(GPU) & set(work.words):
        _check_gpu()


def run(work: Work) -> None:
    from benchmarks.harness import Asked, Row, show_trace, table

    root = work.options.get("root")
    asked = Asked(
        folder=work.runs.bench,
        root=None if root is None else Path(root).expanduser(),
        num=int(work.options["num"]) if "num" in work.options else None,
        repeats=int(work.options.get("repeats", 3)),
        clock=work.options.get("clock", "wall"),
        epochs=int(work.options["epochs"]) if "epochs" in work.options else None,
    )
    started, rows = time.monotonic(), []
    for name in work.words or CPU:
        print(f"bench: {name} ...", flush=True)
        device = work.options.get("device", "cuda") if name in GPU else "cpu"
        try:
            found = _module(name).run(replace(asked, device=device))
        except Exception as error:  # whatever it is, the others are to run, and are kept
            show_trace()
            said = f"failed: {type(error).__name__}: {error}"
            found = [Row(name=name, unit="", agree=said, failed=True)]
        rows += found
        if len(work.words) != 1:
            print(table(found), flush=True)
    facts = provenance(work.command, device=_hardware())
    name = "-".join(work.words or CPU)
    path = work.runs.bench / f"{name}.json"
    heads = [
        f"{facts['started'][:10]}, {facts['device']}, {asked.clock} clock, {asked.repeats} repeats",
        f"`{shlex.join(work.command)}`",
    ]
    if work.options.get("device") == "cpu" and set(GPU) & set(work.words):
        heads.append("device=cpu: tiny sizes that show that it runs; they say nothing of a GPU")
    write_json(path, facts | {"rows": [row.as_dict() for row in rows]})
    write_text(path.with_suffix(".md"), "\n".join([*heads, "", table(rows)]) + "\n")
    print("\n".join(["", *heads, "", table(rows)]))
    minutes = (time.monotonic() - started) / 60.0
    print(f"bench: {minutes:.1f} minutes; wrote {shown(path)} and the same table as .md")
    failed = [f"bench: {row.name}: {row.agree}" for row in rows if row.failed]
    if failed:
        raise ValueError("\n".join(failed))


def _module(name: str):
    from importlib import import_module

    return import_module(f"benchmarks.{name}")


def _check_gpu() -> None:
    import torch

    if not torch.cuda.is_available():
        raise ValueError(
            "bench gpu, contest: torch sees no GPU here; device=cpu runs the same at a tiny size, "
            "and `./run.sh bench` measures what cores can"
        )


def _hardware() -> str:
    """Cores, processor, GPU and load, in words: a figure without them says nothing."""
    import torch

    model, info = "", Path("/proc/cpuinfo")
    if info.exists():
        lines = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = lines[0].partition(":")[2].strip() if lines else ""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    said = f"{cores} cores {model}".strip() + f", {torch.get_num_threads()} threads"
    if torch.cuda.is_available():
        said += f", {torch.cuda.get_device_name()}"
    return f"{said}, load {os.getloadavg()[0]:.1f} at the end"
