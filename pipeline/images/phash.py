"""Perceptual hashes of images, and the search for near-duplicates: hashes that nearly agree. Pure.

The hash is the sign of the lowest frequencies of a thumbnail (Zauner 2010, pHash), but each
frequency is compared with its median over all images: aligned faces are so alike that bits
against a fixed value would be the same for everybody.
"""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from scipy.fft import dctn

BITS = 64
DISTANCE = 11  # bits that may differ; of four parts of the hash one then differs in 2 at most
PART = 16  # bits of such a part
MASKS = [
    0,
    *(1 << i for i in range(PART)),
    *(1 << i | 1 << j for i, j in combinations(range(PART), 2)),
]
BLOCK = 1 << 22  # candidates held at once: bounds the memory
TWINS = 4096  # pairs that two hashes may give; of thousands of equal images only the first counts


def perceptual_hashes(thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The 64-bit hashes (n,) of grey thumbnails (n, h, w), and those of their mirror images."""
    order, odd = _lowest(*thumbnails.shape[1:])
    plain = _frequencies(thumbnails, order)
    mirrored = plain * np.where(odd, -1.0, 1.0)  # mirroring turns the odd waves round
    middle = np.median(np.concatenate([plain, mirrored]), axis=0)
    return _pack(plain > middle), _pack(mirrored > middle)


def near_duplicates(prints: np.ndarray, others: np.ndarray | None = None) -> np.ndarray:
    """All pairs (p, 2), i < j in sorted order, whose hashes differ in at most DISTANCE bits.

    With `others`, the hashes of the same images' mirror images, the pairs in which one image is
    near the mirror image of the other. Exact (but see TWINS), by multi-index hashing (Norouzi et
    al. 2012): the memory is that of the pairs found, never that of all pairs.
    """
    left, left_of = np.unique(prints, return_inverse=True)
    right, right_of = np.unique(prints if others is None else others, return_inverse=True)
    found = np.unique(np.concatenate([*_search(left, right), np.empty(0, dtype=np.int64)]))
    one, other = np.divmod(found, len(right))
    if others is None:
        one, other = one[one <= other], other[one <= other]
    pairs = _expand(one, other, left_of, right_of)
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return np.unique(pairs, axis=0)


def distances(prints: np.ndarray, others: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """The bits (p,) in which the hash of each pair's first differs from the other's of its second,
    or the other way round, whichever are fewer."""
    one, two = pairs.T
    ahead = np.bitwise_count(prints[one] ^ others[two])
    return np.minimum(ahead, np.bitwise_count(prints[two] ^ others[one])).astype(np.int64)


def correlate(thumbnails: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The correlation (p,) of each thumbnail (p, h, w) with the other in its place."""
    return np.einsum("pd,pd->p", _standardise(thumbnails), _standardise(others))


def _standardise(thumbnails: np.ndarray) -> np.ndarray:
    """Rows (p, h * w) of mean 0 and length 1."""
    rows = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    rows -= rows.mean(axis=1, keepdims=True)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return rows


def _lowest(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The places of the 64 lowest waves of a flat spectrum, and which of them are odd across."""
    down, across = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    rate = (down / height) ** 2 + (across / width) ** 2
    order = np.lexsort((across.ravel(), down.ravel(), rate.ravel()))[1 : BITS + 1]  # 0: the mean
    return order, across.ravel()[order] % 2 == 1


def _frequencies(thumbnails: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Those waves (n, 64) of each thumbnail at the same mean and contrast."""
    parts = []
    for start in range(0, len(thumbnails), 4096):
        part = thumbnails[start : start + 4096].astype(np.float64)
        part -= part.mean(axis=(1, 2), keepdims=True)
        part /= np.maximum(np.linalg.norm(part, axis=(1, 2), keepdims=True), 1e-6)
        spectrum = dctn(part, axes=(1, 2), norm="ortho").reshape(len(part), -1)
        parts.append(spectrum[:, order])
    return np.concatenate(parts)


def _pack(bits: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.packbits(bits, axis=1)).view(np.uint64)[:, 0]


def _search(left: np.ndarray, right: np.ndarray) -> Iterator[np.ndarray]:
    """Codes row * len(right) + column of the near pairs of two arrays of hashes, some twice."""
    for part in range(BITS // PART):
        keys = _part(right, part)
        order = np.argsort(keys, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=1 << PART))])
        wanted = _part(left, part)
        for mask in MASKS:
            first, last = starts[wanted ^ mask], starts[(wanted ^ mask) + 1]
            for rows, places in _blocks(first, last - first):
                columns = order[places]
                near = np.bitwise_count(left[rows] ^ right[columns]) <= DISTANCE
                yield rows[near] * len(right) + columns[near]


def _part(prints: np.ndarray, part: int) -> np.ndarray:
    return (prints >> np.uint64(PART * part) & np.uint64((1 << PART) - 1)).astype(np.int64)


def _blocks(first: np.ndarray, counts: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows, and for each the places first .. first + count, some millions at a time."""
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts) and ends[-1]:
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + BLOCK, side="right")))
        rows = np.repeat(np.arange(start, stop), counts[start:stop])
        inside = np.arange(len(rows)) - np.repeat(
            ends[start:stop] - counts[start:stop] - done, counts[start:stop]
        )
        yield rows, first[rows] + inside
        start = stop


def _expand(
    one: np.ndarray, other: np.ndarray, left_of: np.ndarray, right_of: np.ndarray
) -> np.ndarray:
    """The pairs of images (p, 2) behind pairs of hashes."""
    left, right = np.argsort(left_of, kind="stable"), np.argsort(right_of, kind="stable")
    left_counts, right_counts = np.bincount(left_of), np.bincount(right_of)
    left_starts = np.cumsum(left_counts) - left_counts
    right_starts = np.cumsum(right_counts) - right_counts
    seconds = right_counts[other]
    firsts = np.minimum(left_counts[one], np.maximum(1, TWINS // np.maximum(seconds, 1)))
    sizes = firsts * seconds
    pair = np.repeat(np.arange(len(one)), sizes)
    inside = np.arange(len(pair)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    row = left[left_starts[one[pair]] + inside // seconds[pair]]
    column = right[right_starts[other[pair]] + inside % seconds[pair]]
    return np.stack([row, column], axis=1)
