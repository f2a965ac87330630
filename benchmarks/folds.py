"""folds: how even and how fast, against StratifiedGroupKFold and iterative-stratification."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.folds import (
    crosses,
    draw_population,
    grouped_folds,
    iterative_folds,
    worst_cell,
)
from benchmarks.peers.pairs import measure_pairs
from pipeline.folds.assignment import assign_folds
from pipeline.labels.layouts.pstage import read_pstage
from pipeline.labels.tasks import bin_names
from pipeline.sample.people import invent_people

PEERS = {
    "StratifiedGroupKFold": grouped_folds,
    "iterative-stratification": iterative_folds,
}
NUM_FOLDS, EDGES = 5, (30, 60)
People = tuple[np.ndarray, pd.DataFrame]


def run(asked: Asked) -> list[Row]:
    given = asked.root is not None and (asked.root / "train/train.csv").exists()
    people = _given_people(asked.root) if given else _drawn_people(463)
    sets = {
        f"{len(set(people[0]))} {'given' if given else 'drawn'} people": [people] * asked.repeats
    }
    num = 20 if asked.num is None else asked.num
    sets[f"{num} random populations"] = [draw_population(seed) for seed in range(num)]
    return [
        _compare(asked, f"folds, {what}, {name}", peer, populations)
        for what, populations in sets.items()
        for name, peer in PEERS.items()
        if populations
    ]


def _compare(asked: Asked, name: str, peer, populations: list[People]) -> Row:
    numbers = range(len(populations))

    def ways(maker):
        return lambda i: maker(*populations[i], num_folds=NUM_FOLDS, seed=i)

    pairs, answers = measure_pairs(ways(assign_folds), ways(peer), numbers, clock=asked.clock)
    cells = np.array(
        [
            [worst_cell(folds, labels, num_folds=NUM_FOLDS) for folds in both]
            for (_, labels), both in zip(populations, answers, strict=True)
        ]
    )
    crossed = sum(crosses(p, ours) for (p, _), (ours, _) in zip(populations, answers, strict=True))
    equal = np.isclose(cells[:, 0], cells[:, 1])
    more, less = ((cells[:, 0] < cells[:, 1]) & ~equal), ((cells[:, 0] > cells[:, 1]) & ~equal)
    return row_of(
        name,
        "foldings/s",
        pairs,
        num=1,
        goal="never less even",
        sizes=f"{NUM_FOLDS} folds, {sum(len(p) for p, _ in populations)} images in all",
        agree=f"worst cell {cells[:, 0].mean():.4f} and {cells[:, 1].mean():.4f}; more even on "
        f"{more.sum()}, as even {equal.sum()}, less {less.sum()}; {crossed} people cross",
        facts={"worst_cells": cells.tolist()},
    )


def _given_people(root: Path) -> People:
    images = read_pstage(root)
    images = images[(images["part"] == "train") & (images["status"] == "ok")]
    ages = pd.cut(images["age"].astype(float), [-np.inf, *EDGES, np.inf], right=False)
    ages = ages.cat.rename_categories(list(bin_names(EDGES))).astype(str)
    labels = images[["mask", "gender", "race"]].assign(age=ages).reset_index(drop=True)
    return images["person_id"].to_numpy(), labels


def _drawn_people(num: int) -> People:
    """Invented people with seven images each, five with a mask: the drawn contest's labels."""
    people = invent_people(num, seed=5)
    rows = [
        {"person": p.person_id, "gender": p.gender, "age": p.age_band, "mask": mask}
        for p in people
        for mask in ("worn",) * 5 + ("incorrect", "none")
    ]
    table = pd.DataFrame(rows)
    return table.pop("person").to_numpy(), table
