"""gpu_infer: folds and views of a member as the stage answers, as a share of the bare forward."""

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch

from benchmarks.harness import Asked, Row, row_of
from benchmarks.infer import NUM_FOLDS, VIEWS, folds_of_a_member
from benchmarks.peers.pairs import measure_pairs
from benchmarks.sizes import INFER
from pipeline.images.dataset import CropDataset
from pipeline.images.gpu.loader import ResidentBatches, upload_crops
from pipeline.images.sampler import in_order
from pipeline.images.transform import Transform, normalise
from pipeline.images.views import apply_view
from pipeline.models.logits import predict_logits
from pipeline.models.network import input_statistics
from pipeline.models.speedups import prepare_for_inference


def run(asked: Asked) -> Iterator[Row]:
    case = INFER[asked.device]
    device, size = torch.device(asked.device), case.size
    transform = Transform(size, *input_statistics(case.backbone))
    trained = [
        net.eval().to(device, memory_format=torch.channels_last)
        for net in folds_of_a_member(case.backbone, freeze=0)
    ]
    networks = [prepare_for_inference(net, size=size, precision="bfloat16") for net in trained]
    rng = np.random.default_rng(0)
    crops = np.repeat(rng.integers(256, size=(8, size, size, 3), dtype=np.uint8), case.num // 8, 0)
    dataset = CropDataset(crops, rows=np.arange(len(crops)), size=size, targets={})
    batches = ResidentBatches(
        dataset,
        in_order(len(crops), batch_size=case.batch),
        table=upload_crops(crops, size=size, device=device),
    )
    batch = normalise(batches.table[: case.batch], transform=transform)

    def ours(_) -> list:
        return predict_logits(
            networks,
            batches,
            views={v: partial(apply_view, view=v, transform=transform) for v in VIEWS},
            to_input=partial(normalise, transform=transform),
            device=device,
            precision="bfloat16",
        )

    @torch.inference_mode()
    def bare(_) -> None:
        with torch.autocast(device.type, dtype=torch.bfloat16):
            for _ in range(len(batches) * len(VIEWS)):
                for network in trained:
                    network(batch)

    ours(0)
    bare(0)
    pairs, _ = measure_pairs(ours, bare, range(asked.repeats), ready=asked.ready)
    yield row_of(
        f"inference, {NUM_FOLDS} folds × {len(VIEWS)} views",
        "images/s",
        pairs,
        num=len(crops),
        goal="≥ 0.90×",
        sizes=f"{len(crops)} crops of {size} px, {case.backbone}, batch {case.batch}, bfloat16",
        agree="beside: the bare forward of one batch that is on the device, norms not folded",
        facts={"estimate": "infer", "passes": NUM_FOLDS * len(VIEWS)},
    )
