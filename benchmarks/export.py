"""export: a member's folds and views as exported files, against the same module in torch."""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks.harness import Asked, Row, row_of
from benchmarks.infer import BACKBONE, SIZE, TASK, folds_of_a_member
from benchmarks.peers.pairs import measure_pairs
from pipeline.features.export.formats import load_model, save_models
from pipeline.features.export.names import FORMATS
from pipeline.features.export.write_models import check_export_packages
from pipeline.images.transform import Transform, normalise
from pipeline.images.views import apply_view
from pipeline.labels.tasks import Task
from pipeline.models.export_module import MemberModel
from pipeline.models.fuse_batchnorm import fuse_batchnorm
from pipeline.models.network import input_statistics

VIEWS = ("identity", "flip")


def run(asked: Asked) -> list[Row]:
    check_export_packages(list(FORMATS))
    transform = Transform(SIZE, *input_statistics(BACKBONE))
    networks = [fuse_batchnorm(net, size=SIZE) for net in folds_of_a_member(BACKBONE, freeze=4)]
    model = MemberModel(
        networks,
        tasks=[Task(TASK, "multiclass", TASK, classes=("worn", "incorrect", "none"))],
        losses={TASK: "cross_entropy"},
        views=[partial(apply_view, view=view, transform=transform) for view in VIEWS],
        to_input=partial(normalise, transform=transform),
        size=SIZE,
    ).eval()
    num = asked.num or 16
    crops = np.random.default_rng(0).integers(0, 256, (num, SIZE, SIZE, 3), dtype=np.uint8)

    def peer(_) -> np.ndarray:
        with torch.inference_mode():
            return model(torch.from_numpy(crops))[0].numpy()

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"member.{ending}" for ending in FORMATS]
        for path in save_models(model, paths, crops[:3], names=[TASK], facts="{}"):
            stored = load_model(path)
            pairs, answers = measure_pairs(
                lambda _, stored=stored: stored(crops)[0],
                peer,
                range(asked.repeats),
                clock=asked.clock,
            )
            apart = float(np.abs(answers[0][0] - answers[0][1]).max())
            rows.append(
                row_of(
                    f"exported {path.suffix[1:]}, {len(networks)} folds × {len(VIEWS)} views",
                    "crops/s",
                    pairs,
                    num=num,
                    sizes=f"{num} crops, EfficientNet-Lite0, {SIZE} px, float32",
                    agree=f"probabilities at most {apart:.1e} apart",
                    facts={"apart": apart},
                )
            )
    return rows
