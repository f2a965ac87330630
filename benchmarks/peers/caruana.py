"""AutoGluon's EnsembleSelection in an environment of its own, and predictions to select from.

`autogluon.core` wants an older pandas than ours, so this file also runs as a script there; it
imports nothing of the pipeline: `python caruana.py FOLDER ROUNDS`.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np


def draw_members(
    *, num_rows: int, num_classes: int, num_members: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (members, rows, classes) float32 of unlike skill, and the true classes."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(num_classes, size=num_rows)
    probs = np.empty((num_members, num_rows, num_classes), dtype=np.float32)
    shared = rng.normal(size=(num_rows, num_classes)).astype(np.float32)
    for member in probs:
        logits = shared + 1.5 * rng.normal(size=member.shape).astype(np.float32)
        logits[np.arange(num_rows), truth] += rng.uniform(1.0, 3.0)
        logits *= rng.uniform(0.6, 1.4)
        member[:] = np.exp(logits - logits.max(axis=1, keepdims=True))
        member /= member.sum(axis=1, keepdims=True)
    return probs, truth


def select_with_autogluon(probs: np.ndarray, truth: np.ndarray, *, rounds: int) -> dict:
    """The members in the order of their choice, the loss after each, and the seconds it took."""
    from autogluon.core.metrics import log_loss
    from autogluon.core.models.greedy_ensemble.ensemble_selection import EnsembleSelection

    selection = EnsembleSelection(ensemble_size=rounds, problem_type="multiclass", metric=log_loss)
    selection.use_best = False  # all rounds, so that every choice can be compared
    started = time.perf_counter(), time.process_time()
    selection.fit(list(probs), truth)
    return {
        "order": [int(member) for member in selection.indices_],
        "losses": [float(loss) for loss in selection.trajectory_],
        "wall": time.perf_counter() - started[0],
        "cpu": time.process_time() - started[1],
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    found = select_with_autogluon(
        np.load(folder / "probs.npy").astype(np.float64),
        np.load(folder / "truth.npy"),
        rounds=int(sys.argv[2]),
    )
    print(json.dumps(found))
