"""Pairs of images that are nearly the same: near in their hashes, and alike in their thumbnails."""

import numpy as np
import pandas as pd

from pipeline.images.phash import correlate, distances, near_duplicates, perceptual_hashes

BLOCK = 1 << 16  # pairs correlated at once


def find_copies(upper: np.ndarray, *, correlation: float) -> pd.DataFrame:
    """All pairs of nearly the same image, best first: left and right are rows of `upper`.

    `upper` (N, h, w) are grey thumbnails of the faces' upper halves. Beside the rows stand the
    hashes' distance in bits, the correlation, and whether one is the other's mirror image.
    """
    plain, mirrored = perceptual_hashes(upper)
    same_way = _near_pairs(upper, upper, plain, plain, correlation=correlation)
    turned = _near_pairs(upper, upper[:, :, ::-1], plain, mirrored, correlation=correlation)
    pairs = pd.concat([same_way.assign(mirrored=False), turned.assign(mirrored=True)])
    pairs = pairs.sort_values(["correlation", "left", "right"], ascending=[False, True, True])
    return pairs.drop_duplicates(["left", "right"]).reset_index(drop=True)


def _near_pairs(
    upper: np.ndarray,
    others: np.ndarray,
    hashes: np.ndarray,
    other_hashes: np.ndarray,
    *,
    correlation: float,
) -> pd.DataFrame:
    """The pairs whose hashes nearly agree and whose thumbnails correlate that much."""
    pairs = near_duplicates(hashes, None if others is upper else other_hashes)
    blocks = [np.empty((0, 2), dtype=np.int64)]
    correlations = [np.empty(0)]
    for start in range(0, len(pairs), BLOCK):
        block = pairs[start : start + BLOCK]
        found = correlate(upper[block[:, 0]], others[block[:, 1]])
        blocks.append(block[found >= correlation])
        correlations.append(found[found >= correlation])
    near = np.concatenate(blocks)
    frame = pd.DataFrame(near, columns=["left", "right"])
    return frame.assign(
        distance=distances(hashes, other_hashes, near), correlation=np.concatenate(correlations)
    )
