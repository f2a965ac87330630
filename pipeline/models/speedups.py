"""How a device computes: kernels tried out, weights rounded once and, where asked for, compiled."""

import importlib.util
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

from pipeline.models.fuse_batchnorm import fuse_batchnorm

# Batches of one shape for which it is worth to try cuDNN's kernels out. Measured on an H200,
# EfficientNet-Lite0, 112 pixels, batches of 64: trying takes 16 s before the second step, and each
# later step takes 16.1 instead of 21.9 ms, so it pays after about 2,800 steps.
WORTH_LEARNING = 3000  # three directions of every layer are tried
WORTH_ANSWERING = 200  # one direction
Forward = Callable[[torch.Tensor], dict[str, torch.Tensor]]  # pixels to logits by task
KINDS = 256  # of networks that a process compiles: members, a study's trials; folds are of one kind


@contextmanager
def cudnn_benchmark(device: torch.device, *, often: bool) -> Iterator[None]:
    """cuDNN tries its kernels on shapes that are new and keeps the fastest, in the block, where the
    shape comes `often`: to try takes many seconds a network, so never for the odd last batch."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = device.type == "cuda" and often
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before


def prepare_for_inference(network: nn.Module, *, size: int, precision: str) -> nn.Module:
    """A trained network as it answers, in this precision only, images of `size` pixels a side:
    BatchNorms folded, plain convolutions rounded."""
    if precision != "float16":  # whose range the folded weights may leave
        network = fuse_batchnorm(network, size=size)
    round_convolutions(network, precision=precision)
    return network


@torch.inference_mode()
def round_convolutions(network: nn.Module, *, precision: str) -> None:
    """Rounds a network's plain convolutions once, as mixed precision would for every batch:
    the answers are the same to the bit. For answering only."""
    if precision == "float32":
        return
    for module in network.modules():
        if type(module) is nn.Conv2d:  # one of another kind may compute with its weights first
            for name, values in list(module.named_parameters()):
                rounded = values.to(getattr(torch, precision))
                setattr(module, name, nn.Parameter(rounded, requires_grad=False))


def compiled(network: nn.Module) -> Forward:
    """A call of the network, compiled for batches of one shape; the parameters are the same."""
    torch._dynamo.config.recompile_limit = KINDS  # else the ninth kind would silently not be
    return torch.compile(network, dynamic=False)


def check_compiler(device_type: str) -> None:
    """Raises ValueError where torch.compile lacks what it builds with."""
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        raise ValueError("compile: needs a C++ compiler: g++ (apt install g++); or compile=false")
    if device_type == "cuda" and importlib.util.find_spec("triton") is None:
        raise ValueError("compile: needs triton on a GPU, which comes with torch; or compile=false")
