"""./run.sh bench [NAME ...] [key=value ...]: our way and the peer's way in turn on the same data.

Prints medians, the ratio and its spread, and writes them to runs/bench. Keys: num, repeats, clock
(wall or cpu), root (a folder of images), device (cuda or cpu), epochs, runs (where runs/ lies).
`bench gpu` runs the whole GPU column; `bench step device=cuda` runs one part of it.
"""

import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from pipeline.storage import (
    PROJECT,
    StoppedError,
    display_path,
    install_signal_handlers,
    provenance,
    write_json,
    write_text,
)

CPU = ("crop", "data", "step", "infer", "caruana", "folds")
GPU = ("gpu", "contest")
COLUMN = ("crop", "data", "step", "infer", "cells")  # device=cuda: their part of the GPU column
NAMES = (*CPU, "cells", "export", "growth", *GPU)
KEYS = ("num", "repeats", "clock", "root", "device", "epochs", "runs")


def main(words: Sequence[str]) -> int:
    """Runs the named benchmarks, or all CPU ones; gives 2 for what the user can mend."""
    install_signal_handlers()
    try:
        names, options = _read_words(words)
        _check(names, options)
        _run(names, options, command=["./run.sh", "bench", *words])
    except ValueError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return 2
    except StoppedError as stop:
        return 128 + stop.number
    return 0


def _read_words(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Names of benchmarks, and options by key. Raises ValueError for a word that is neither."""
    names: list[str] = []
    options: dict[str, str] = {}
    for word in words:
        key, is_option, value = word.partition("=")
        if not is_option:
            names.append(word)
        elif key in KEYS:
            options[key] = value
        else:
            raise ValueError(f"bench: no option {key!r}; there are {', '.join(KEYS)}")
    return names, options


def _check(names: Sequence[str], options: Mapping[str, str]) -> None:
    """Raises ValueError for a benchmark or a size that is none."""
    for name in names:
        if name not in NAMES:
            raise ValueError(f"bench: no benchmark {name!r}; there are {', '.join(NAMES)}")
    for key in ("num", "repeats", "epochs"):
        value = options.get(key)
        if value is not None and not (value.isdigit() and int(value) > 0):
            raise ValueError(f"bench: {key}={value} must be a whole number above 0")
    if options.get("clock", "wall") not in ("wall", "cpu"):
        raise ValueError(f"bench: clock={options['clock']}; allowed: wall, cpu")
    root = options.get("root")
    if root is not None and not Path(root).expanduser().is_dir():
        raise ValueError(f"bench: root={root} is no folder")
    device = options.get("device", "cuda")
    if device not in ("cpu", "cuda"):
        raise ValueError(f"bench: device={device}; allowed: cuda, cpu (tiny, to see that it runs)")
    if device == "cuda" and (set(GPU) & set(names) or "device" in options):
        _check_gpu()


def _run(names: Sequence[str], options: Mapping[str, str], *, command: list[str]) -> None:
    from benchmarks.harness import Asked, Row, show_trace, table

    folder = Path(options.get("runs", PROJECT / "runs")) / "bench"
    root = options.get("root")
    asked = Asked(
        folder=folder,
        root=None if root is None else Path(root).expanduser(),
        num=int(options["num"]) if "num" in options else None,
        repeats=int(options.get("repeats", 3)),
        clock=options.get("clock", "wall"),
        epochs=int(options["epochs"]) if "epochs" in options else None,
    )
    started, rows = time.monotonic(), []
    for name in names or CPU:
        print(f"bench: {name} ...", flush=True)
        device = options.get("device", "cuda" if name in GPU else "cpu")
        column = device == "cuda" and name in COLUMN
        try:
            found = list(_module(name).run(replace(asked, device=device, gpu_column=column)))
        except Exception as error:  # whatever it is, the others are to run, and are kept
            show_trace()
            said = f"failed: {type(error).__name__}: {error}"
            found = [Row(name=name, unit="", agree=said, failed=True)]
        rows += found
        if len(names) != 1:
            print(table(found), flush=True)
    facts = provenance(command, device=_hardware())
    name = "-".join(names or CPU)
    path = folder / f"{name}.json"
    heads = [
        f"{facts['started'][:10]}, {facts['device']}, {asked.clock} clock, {asked.repeats} repeats",
        f"`{shlex.join(command)}`",
    ]
    if options.get("device") == "cpu" and set(GPU) & set(names):
        heads.append("device=cpu: tiny sizes that show that it runs; they say nothing of a GPU")
    write_json(path, facts | {"rows": [row.as_dict() for row in rows]})
    write_text(path.with_suffix(".md"), "\n".join([*heads, "", table(rows)]) + "\n")
    print("\n".join(["", *heads, "", table(rows)]))
    minutes = (time.monotonic() - started) / 60.0
    print(f"bench: {minutes:.1f} minutes; wrote {display_path(path)} and the same table as .md")
    failed = [f"bench: {row.name}: {row.agree}" for row in rows if row.failed]
    if failed:
        raise ValueError("\n".join(failed))


def _module(name: str) -> ModuleType:
    from importlib import import_module

    return import_module(f"benchmarks.{name}")


def _check_gpu() -> None:
    import torch

    if not torch.cuda.is_available():
        raise ValueError(
            "bench: torch sees no GPU here; device=cpu runs gpu and contest at a tiny size, "
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
