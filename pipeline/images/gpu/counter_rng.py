"""Random numbers as functions of a sample's seed alone, for whole batches at once.

The same seed gives the same numbers in whatever batch, order or process it comes.
"""

import numpy as np
import torch

_STEP, _MIX = 0x9E3779B97F4A7C15, (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


def mixed(seeds: np.ndarray, stream: int) -> np.ndarray:
    """Seeds and the number of a stream as 64 bits that look like chance (splitmix64)."""
    with np.errstate(over="ignore"):
        bits = seeds.astype(np.uint64) * np.uint64(_MIX[0]) + np.uint64((stream * _STEP) % 2**64)
        bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(_MIX[0])
        bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(_MIX[1])
        return bits ^ (bits >> np.uint64(31))


def uniforms(seeds: np.ndarray, number: int, *, stream: int) -> np.ndarray:
    """Uniform numbers (N, number) in [0, 1), each row a function of its seed and the stream."""
    own = mixed(np.asarray(seeds), stream + 1)[:, None]
    steps = np.arange(1, number + 1, dtype=np.uint64)[None]
    with np.errstate(over="ignore"):
        bits = mixed(own + steps * np.uint64(_STEP), 0)
    return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53


def pixel_uniforms(batch: torch.Tensor, streams: torch.Tensor, offset: int) -> torch.Tensor:
    """A uniform number in [0, 1) for every value of the batch, by its sample's stream (N,), int64
    below 2^31, and place."""
    place = torch.arange(batch[0].numel(), device=batch.device).view(1, *batch.shape[1:])
    bits = (streams.view(-1, 1, 1, 1) * 2 + offset) * 1_000_003 + place
    for _ in range(2):  # 32-bit mixing (Wellons' lowbias32) in 64 bits
        bits = ((bits ^ (bits >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
        bits = ((bits ^ (bits >> 15)) * 0x846CA68B) & 0xFFFFFFFF
        bits = bits ^ (bits >> 16)
    return (bits >> 8).float() * 2.0**-24
