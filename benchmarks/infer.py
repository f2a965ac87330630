"""infer: one member's folds and views in one pass.

On a CPU against one loop per fold and view; in the GPU column as a share of the bare forward pass.
"""

import copy
from collections.abc import Iterator
from functools import partial

import numpy as np
import torch
from torch import nn

from benchmarks.bench_images import centre_boxes, cut_crops, portraits
from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.data import PlainDataset, plain_loader
from benchmarks.peers.infer import loop_per_fold_and_view
from benchmarks.peers.pairs import measure_pairs
from benchmarks.sizes import INFER
from pipeline.images.dataset import CropDataset, make_loader
from pipeline.images.gpu.loader import ResidentBatches, upload_crops
from pipeline.images.sampler import in_order
from pipeline.images.transform import Transform, normalise
from pipeline.images.views import apply_view
from pipeline.models.fuse_batchnorm import fuse_batchnorm
from pipeline.models.heads import HeadShape
from pipeline.models.logits import predict_logits
from pipeline.models.network import build_network, input_statistics
from pipeline.models.speedups import prepare_for_inference

BACKBONE, SIZE, BATCH, TASK = "tf_efficientnet_lite0", 112, 32, "mask"
NUM_FOLDS, VIEWS = 5, ("identity", "flip", "rotate_5", "rotate_-5")


def run(asked: Asked) -> Iterator[Row]:
    if asked.gpu_column:
        yield _measure_column(asked)
        return
    paths = portraits(asked, asked.num or 64)
    boxes = centre_boxes(paths)
    transform = Transform(SIZE, *input_statistics(BACKBONE))
    dataset = CropDataset(
        cut_crops(paths, boxes, size=SIZE), rows=np.arange(len(paths)), size=SIZE, targets={}
    )
    loader = make_loader(dataset, in_order(len(paths), batch_size=BATCH), workers=0, pin=False)
    plain = PlainDataset(paths, boxes, size=SIZE, recipe=(), mean=transform.mean, std=transform.std)
    peers = plain_loader(plain, batch_size=BATCH, shuffle=False, workers=0)
    for freeze in (4, 0):
        yield _measure(asked, loader, peers, transform, freeze=freeze)


def _measure(asked: Asked, loader, peers, transform: Transform, *, freeze: int) -> Row:
    device = torch.device(asked.device)
    trained = folds_of_a_member(BACKBONE, freeze=freeze)
    mine = [copy.deepcopy(net).to(device, memory_format=torch.channels_last) for net in trained]
    mine = [fuse_batchnorm(net, size=SIZE) for net in mine]
    theirs = [net.to(device) for net in trained]

    def ours(_) -> np.ndarray:
        outcomes = predict_logits(
            mine,
            loader,
            views=_views(transform),
            to_input=partial(normalise, transform=transform),
            device=device,
            precision="float32",
        )
        probs = [logits[TASK].softmax(dim=1) for views in outcomes for logits in views.values()]
        return torch.stack(probs).mean(dim=0).numpy()

    def peer(_) -> np.ndarray:
        return loop_per_fold_and_view(theirs, _views(transform), peers, task=TASK, device=device)

    pairs, answers = measure_pairs(ours, peer, range(asked.repeats), clock=asked.clock)
    apart = float(np.abs(answers[0][0] - answers[0][1]).max())
    num = len(loader.dataset)
    what = f"{freeze} layer groups frozen" if freeze else "all learns"
    return row_of(
        f"inference, {NUM_FOLDS} folds × {len(VIEWS)} views, {what}",
        "images/s",
        pairs,
        num=num,
        goal="≥ 2×",
        sizes=f"{num} images, EfficientNet-Lite0, {SIZE} px, float32",
        agree=f"probabilities at most {apart:.3f} apart (PIL and OpenCV shrink unlike)",
        facts={"apart": apart},
    )


def _measure_column(asked: Asked) -> Row:
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
            views=_views(transform),
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
    return row_of(
        f"inference, {NUM_FOLDS} folds × {len(VIEWS)} views",
        "images/s",
        pairs,
        num=len(crops),
        goal="≥ 0.90×",
        sizes=f"{len(crops)} crops of {size} px, {case.backbone}, batch {case.batch}, bfloat16",
        agree="beside: the bare forward of one batch that is on the device, norms not folded",
        facts={"estimate": "infer", "passes": NUM_FOLDS * len(VIEWS)},
    )


def _views(transform: Transform) -> dict:
    return {view: partial(apply_view, view=view, transform=transform) for view in VIEWS}


def folds_of_a_member(backbone: str, *, freeze: int) -> list[nn.Module]:
    """Networks as the folds of one member leave them: alike where frozen, else apart."""
    torch.manual_seed(0)
    first = build_network(backbone, weights="none", heads={TASK: HeadShape(3)}, freeze=freeze)
    networks = [copy.deepcopy(first) for _ in range(NUM_FOLDS)]
    for network in networks:
        with torch.no_grad():
            for parameter in network.parameters():
                if parameter.requires_grad:
                    parameter.mul_(1.0 + 0.05 * torch.randn_like(parameter))
    return networks
