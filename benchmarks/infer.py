"""infer: one member's folds and views in one pass, against one loop per fold and view."""

import copy
from functools import partial

import numpy as np
import torch
from torch import nn

from benchmarks.bench_images import centre_boxes, cut_crops, portraits
from benchmarks.harness import Asked, Row, row_of
from benchmarks.peers.data import PlainDataset, plain_loader
from benchmarks.peers.infer import loop_per_fold_and_view
from benchmarks.peers.pairs import measure_pairs
from pipeline.images.dataset import CropDataset, make_loader
from pipeline.images.sampler import in_order
from pipeline.images.transform import Transform, normalise
from pipeline.images.views import apply_view
from pipeline.models.fuse_batchnorm import fuse_batchnorm
from pipeline.models.heads import HeadShape
from pipeline.models.logits import predict_logits
from pipeline.models.network import build_network, input_statistics

BACKBONE, SIZE, BATCH, TASK = "tf_efficientnet_lite0", 112, 32, "mask"
NUM_FOLDS, VIEWS = 5, ("identity", "flip", "rotate_5", "rotate_-5")


def run(asked: Asked) -> list[Row]:
    paths = portraits(asked, asked.num or 64)
    boxes = centre_boxes(paths)
    transform = Transform(SIZE, *input_statistics(BACKBONE))
    dataset = CropDataset(
        cut_crops(paths, boxes, size=SIZE), rows=np.arange(len(paths)), size=SIZE, targets={}
    )
    loader = make_loader(dataset, in_order(len(paths), batch_size=BATCH), workers=0, pin=False)
    plain = PlainDataset(paths, boxes, size=SIZE, recipe=(), mean=transform.mean, std=transform.std)
    peers = plain_loader(plain, batch_size=BATCH, shuffle=False, workers=0)
    return [_measure(asked, loader, peers, transform, freeze=freeze) for freeze in (4, 0)]


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
            views={v: partial(apply_view, view=v, transform=transform) for v in VIEWS},
            to_input=partial(normalise, transform=transform),
            device=device,
            precision="float32",
        )
        probs = [logits[TASK].softmax(dim=1) for views in outcomes for logits in views.values()]
        return torch.stack(probs).mean(dim=0).numpy()

    def peer(_) -> np.ndarray:
        views = {v: partial(apply_view, view=v, transform=transform) for v in VIEWS}
        return loop_per_fold_and_view(theirs, views, peers, task=TASK, device=device)

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
