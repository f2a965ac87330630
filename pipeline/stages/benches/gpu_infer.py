"""gpu_infer: folds and views of a member, as a share of the bare forward's speed."""

from functools import partial

import numpy as np
import torch

from pipeline.benchmarks.pairs import measure_pairs
from pipeline.images.batches import CropDataset, in_order, make_loader
from pipeline.images.transform import Transform, normalise
from pipeline.images.views import apply_view
from pipeline.learning.network import input_statistics
from pipeline.learning.predict import predict_logits
from pipeline.stages.benches import Asked, Row, row_of
from pipeline.stages.benches.infer import NUM_FOLDS, VIEWS, folds_of_a_member

BACKBONE, SIZE, BATCH, NUM = "efficientnet_b3", 224, 128, 2560
WORKERS = 6


def run(asked: Asked) -> list[Row]:
    device, transform = torch.device(asked.device), Transform(SIZE, *input_statistics(BACKBONE))
    networks = [
        net.eval().to(device, memory_format=torch.channels_last)
        for net in folds_of_a_member(BACKBONE, freeze=0)
    ]
    rng = np.random.default_rng(0)
    crops = np.repeat(rng.integers(256, size=(64, SIZE, SIZE, 3), dtype=np.uint8), NUM // 64, 0)
    dataset = CropDataset(crops, rows=np.arange(NUM), size=SIZE, targets={})
    loader = make_loader(dataset, in_order(NUM, batch_size=BATCH), workers=WORKERS, pin=True)
    batch = normalise(torch.from_numpy(crops[:BATCH]).to(device), transform=transform)

    def ours(_) -> None:
        predict_logits(
            networks,
            loader,
            views={v: partial(apply_view, view=v, transform=transform) for v in VIEWS},
            to_input=partial(normalise, transform=transform),
            device=device,
            precision="bfloat16",
        )

    @torch.inference_mode()
    def bare(_) -> None:
        with torch.autocast(device.type, dtype=torch.bfloat16):
            for _ in range(NUM // BATCH * len(VIEWS)):
                for network in networks:
                    network(batch)

    ours(0)
    pairs, _ = measure_pairs(ours, bare, range(asked.repeats), ready=asked.ready)
    return [
        row_of(
            f"inference, {NUM_FOLDS} folds × {len(VIEWS)} views",
            "pictures/s",
            pairs,
            num=NUM,
            goal="≥ 0.90×",
            sizes=f"{NUM} crops of {SIZE} px, {BACKBONE}, batch {BATCH}, bfloat16, none frozen",
            agree="beside: the bare forward of one batch that is on the GPU already",
        )
    ]
