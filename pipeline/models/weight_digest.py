"""A digest of weights: networks with the same one see the same, whatever file they came from."""

import hashlib
from collections.abc import Mapping

import torch


def digest_weights(weights: Mapping[str, torch.Tensor]) -> str:
    """The SHA-256 of named tensors, in hexadecimal digits; their order does not count."""
    digest = hashlib.sha256()
    for name, value in sorted(weights.items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
