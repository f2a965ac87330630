"""caruana: selection from 50 members, against AutoGluon's in an environment that is made here."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers import caruana
from benchmarks.peers.pairs import Pairs, measure_pairs
from pipeline.ensembling.caruana import select_members
from pipeline.storage import PROJECT, display_path

PINS = ("autogluon.core==1.6.3",)
NUM_CLASSES, NUM_MEMBERS, NUM_ROUNDS = 18, 50, 5


def run(asked: Asked) -> list[Row]:
    num_rows = asked.num or 100_000
    sizes = f"{num_rows:,} rows × {NUM_CLASSES} classes × {NUM_MEMBERS} members, log loss"
    name, unit, goal = f"Caruana selection, {NUM_ROUNDS} rounds", "selections/s", "≥ 10×"
    python = peer_python(asked.folder)
    if isinstance(python, str):
        return [Row(name=name, unit=unit, goal=goal, sizes=sizes, agree=f"left out: {python}")]
    probs, truth = caruana.draw_members(
        num_rows=num_rows, num_classes=NUM_CLASSES, num_members=NUM_MEMBERS, seed=1
    )
    folder = asked.folder / "caruana"
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "probs.npy", probs)
    np.save(folder / "truth.npy", truth)
    found: list[dict] = []

    def ours(_) -> np.ndarray:
        return select_members(probs, truth, score="log_loss", num_rounds=NUM_ROUNDS)

    def peer(_) -> dict:
        found.append(_select_there(python, folder))
        return found[-1]

    pairs, answers = measure_pairs(ours, peer, range(asked.repeats), clock=asked.clock)
    # the peer's own clock: its process also starts up and reads the file, which ours need not
    pairs = Pairs(pairs.ours, tuple(outcome[asked.clock] for outcome in found))
    weights = np.bincount(found[0]["order"], minlength=NUM_MEMBERS) / NUM_ROUNDS
    apart = float(np.abs(answers[0][0] - weights).max())
    for file in folder.iterdir():
        file.unlink()
    return [
        row_of(
            name,
            unit,
            pairs,
            num=1,
            goal=goal,
            sizes=sizes,
            agree="the same choice" if apart < 1e-9 else f"weights {apart:.3f} apart",
            facts={"ours": answers[0][0].tolist(), "peer": found[0], "apart": apart},
        )
    ]


def _select_there(python: Path, folder: Path) -> dict:
    command = [str(python), caruana.__file__, str(folder), str(NUM_ROUNDS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"AutoGluon failed: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def peer_python(folder: Path) -> Path | str:
    """The interpreter of an environment with AutoGluon, made on first use; or why there is none."""
    home = folder / "venv"
    python, ready = home / "bin/python", home / "ready"
    if ready.exists():
        return python
    print(f"bench: making {display_path(home)} with {', '.join(PINS)} (minutes, once)")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in ([sys.executable, "-m", "venv", "--clear", str(home)], [*install, *PINS]):
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PROJECT)
        if done.returncode:
            reason = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]
            return f"{PINS[0]} could not be installed ({reason[:120]})"
    ready.write_text("\n".join(PINS) + "\n")
    return python
