"""contest: a whole P-stage-size contest from images to CSV, as a user types it, by the clock.

Its images are those of a given root in the P-stage layout, or drawn ones, repeated under other
names (hard links) until there are as many. Weights start at random: the time is the same.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import pandas as pd

from benchmarks.bench_images import HEIGHT, WIDTH
from benchmarks.harness import Asked, Row
from benchmarks.sizes import WHOLE
from pipeline.config import load_experiment
from pipeline.labels.layouts import read_csv
from pipeline.sample.contest import draw_contest
from pipeline.storage import PROJECT, display_path

SHOTS = 7  # images of a person
DRAWN = {
    "cuda": (40, 20),
    "cpu": (8, 4),
}  # people to learn from and to answer, where none are given
TINY = {"backbone": "test_resnet", "image_size": 32, "batch_size": 16, "epochs": 1}


def run(asked: Asked) -> list[Row]:
    """Raises ValueError for a root of another layout, or when the run does not come through."""
    folder = asked.folder / "contest"
    shutil.rmtree(folder, ignore_errors=True)
    whole = WHOLE["train"] + WHOLE["test"]
    number = asked.num or (whole if asked.device == "cuda" else 84)
    num_train = round(number * WHOLE["train"] / whole / SHOTS) * SHOTS
    repeat_contest(
        _source(asked), folder / "root", num_train=num_train, num_test=number - num_train
    )
    words, log = _words(asked, folder), asked.folder / "contest.log"
    planned, _ = _command(["plan", "crop", "train", "infer", *words], log)
    said, seconds = _command(["crop", "train", "infer", *words], log)
    shutil.rmtree(folder, ignore_errors=True)
    ends = {stage: when for when, line in said for stage in _stage(line)}
    forecast = re.search(r"plan: ([0-9.]+) minutes in all", "\n".join(line for _, line in planned))
    lasted, before = [], 0.0
    for stage, when in ends.items():
        lasted.append(f"{stage} {(when - before) / 60:.1f}")
        before = when
    return [
        Row(
            name="a whole contest, images to CSV",
            unit="min",
            ours=seconds / 60,
            goal="≤ 15" if number == whole else "",
            sizes=f"{num_train:,} + {number - num_train:,} images, recipe `masks-seed`, "
            + (f"{asked.epochs} epochs" if asked.epochs else "its own epochs"),
            agree=f"minutes: {', '.join(lasted)}; plan said {forecast[1] if forecast else '?'}; "
            f"log in {display_path(log)}",
            facts={"seconds": seconds, "ends": ends},
        )
    ]


def repeat_contest(source: Path, root: Path, *, num_train: int, num_test: int) -> None:
    """A root of so many images in the P-stage layout: those of `source`, under other names."""
    if not (source / "train/train.csv").exists():
        raise ValueError(f"bench contest: root={source} has no train/train.csv; the P-stage layout")
    people = read_csv(source / "train/train.csv", needs=("id", "path")).to_dict("records")
    people = [one for one in people if (source / "train/images" / one["path"]).is_dir()]
    rows, made = [], 0
    for number, person in enumerate(cycle(people)):
        if made >= num_train:
            break
        name = f"{number:06d}_{person['path']}"
        rows.append({**person, "id": f"{number:06d}", "path": name})
        made += sum(
            _link(path, root / "train/images" / name / path.name)
            for path in sorted((source / "train/images" / person["path"]).iterdir())
            if not path.name.startswith(".")
        )
    pd.DataFrame(rows).to_csv(root / "train/train.csv", index=False, lineterminator="\n")
    given = sorted(p for p in (source / "eval/images").glob("*") if not p.name.startswith("."))
    ids = []
    for number, path in enumerate(islice(cycle(given), num_test)):
        ids.append(f"{number:06d}_{path.name}")
        _link(path, root / "eval/images" / ids[-1])
    answers = pd.DataFrame({"ImageID": ids, "ans": 0})
    answers.to_csv(root / "eval/info.csv", index=False, lineterminator="\n")


def _link(path: Path, target: Path) -> bool:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path, target)
    except OSError:  # another disk, or one without links
        shutil.copyfile(path, target)
    return True


def _source(asked: Asked) -> Path:
    if asked.root is not None:
        return asked.root
    learnt, answered = DRAWN[asked.device]
    root = asked.folder / f"drawn-contest-{learnt}"
    sizes = {"width": WIDTH, "height": HEIGHT}
    draw_contest(root, num_people=learnt, num_test_people=answered, seed=5, **sizes)
    return root


def _words(asked: Asked, folder: Path) -> list[str]:
    words = ["-c", "masks-seed", f"root={folder}/root", f"runs={folder}/runs", "augmenter=auto"]
    words += [f"submissions={folder}/submissions", f"device={asked.device}"]
    words.append("infer.use=folds")
    small = {"weights": "none", "refit": "false"} | ({} if asked.device == "cuda" else TINY)
    small |= {"epochs": asked.epochs} if asked.epochs else {}
    members = load_experiment("masks-seed", [], configs=PROJECT / "configs").members
    words += [f"members.{name}.{key}={value}" for name in members for key, value in small.items()]
    if asked.device == "cpu":
        words += ["crop.size=32", "folds.num=2", "bootstrap=100", "parallel=1"]
    return words


def _command(words: list[str], log: Path) -> tuple[list[tuple[float, str]], float]:
    """What a command printed, with the second of every line, and the seconds it took."""
    started, said = time.monotonic(), []
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "a", encoding="utf-8") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "pipeline", *words],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            encoding="utf-8",
        )
        for line in process.stdout:
            said.append((time.monotonic() - started, line.rstrip()))
            file.write(line)
            print(f"  {said[-1][0]:6.0f} s  {said[-1][1]}", flush=True)
        code = process.wait()
    if code:
        raise ValueError(
            f"bench contest: {words[0]} ended with {code}; its words are in {display_path(log)}"
        )
    return said, time.monotonic() - started


def _stage(line: str) -> Iterator[str]:
    """The stage that a line speaks of."""
    found = re.match(r"(index|crop|split|train|evaluate|infer|ensemble): ", line)
    if found:
        yield found[1]
