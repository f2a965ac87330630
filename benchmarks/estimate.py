"""What the measured parts come to for a whole contest: an estimate, with what it is made of."""

from collections.abc import Sequence

from benchmarks.harness import Row
from benchmarks.sizes import WHOLE
from pipeline.config import load_experiment
from pipeline.storage import PROJECT

GOAL = 15.0  # minutes
NEEDED = ("crop", "train", "infer", "start", "header", "table", "save")


def estimate_contest(rows: Sequence[Row]) -> Row:
    """Minutes of the P-stage contest by the folds of `masks-seed`, or which part is missing."""
    known = {}
    for row in rows:
        if not row.failed and row.facts.get("estimate") is not None:
            known.setdefault(row.facts["estimate"], row)
    name = "a whole contest: an ESTIMATE"
    missing = [part for part in NEEDED if part not in known]
    if missing:
        return Row(name=name, unit="min", agree=f"no estimate without {', '.join(missing)}")
    settings = load_experiment("masks-seed", [], configs=PROJECT / "configs")
    epochs = [member.epochs for member in settings.members.values()]
    rate = {part: row.ours for part, row in known.items()}
    passes = rate["infer"] * known["infer"].facts["passes"]
    train, test, folds = WHOLE["train"], WHOLE["test"], WHOLE["folds"]
    members, views = len(epochs), len(settings.tta)
    epoch = train * (folds - 1) / rate["train"] + train / passes + folds * rate["save"]
    parts = {
        "index": (train + test) * rate["header"],
        "crop": (train + test) / rate["crop"],
        "train": sum(epochs) * epoch,
        "infer": members * views * (train + test * folds) / passes,
        "rest": 3 * rate["start"] + (train + test) * rate["table"],
    }
    total = sum(parts.values())
    spare = 60.0 * GOAL - (total - parts["train"])
    said = ", ".join(f"{part} {seconds / 60:.1f}" for part, seconds in parts.items())
    return Row(
        name=name,
        unit="min",
        ours=total / 60,
        goal=f"≤ {GOAL:g}",
        sizes=f"{train:,} + {test:,} images, {folds} folds × {members} members, "
        f"{'+'.join(map(str, epochs))} epochs, {views} views",
        agree=f"minutes: {said}; each this machine's rate above times the contest's number, cells "
        f"one after another; {max(0.0, spare / epoch / members):.1f} epochs a member fit into "
        f"{GOAL:g} minutes; `bench contest` runs it",
        facts={"estimate": None, "seconds": parts, "epochs": epochs},
    )
