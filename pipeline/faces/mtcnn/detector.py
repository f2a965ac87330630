"""Finds the subject's face in images of mixed sizes: facenet-pytorch's MTCNN, run over batches.

The three nets and their weights are facenet-pytorch's and so are the boxes; the way between the
nets is ours (cascade.py, areas.py), because the library's own batches take one size only, raise
where an image has no face, and spend most of their time resizing. It reads no files.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.faces.boxes import main_face
from pipeline.faces.mtcnn import area_resize as areas
from pipeline.faces.mtcnn import cascade
from pipeline.faces.mtcnn.nets import mtcnn_nets

TABLE_PIXELS = 2**24  # of one batch: bounds the integral images of large photos to some 200 MB
TOGETHER = 1000  # boxes of several images that are suppressed at once
CPU_PIXELS, GPU_PIXELS = 75_000, 2**23  # a net takes at once: on a CPU, more leave its cache


@dataclass(frozen=True)
class Face:
    """The subject's face in one image, in its pixels; box and landmarks may lie outside it."""

    box: np.ndarray  # (4,) x1 y1 x2 y2
    landmarks: np.ndarray  # (5, 2) x y: eyes, nose, corners of the mouth; left in the image first
    probability: float
    num_faces: int  # how many were found; main_face chose this one


class Detector:
    """MTCNN on one device.

    min_face is a share of each image's shorter side; the search starts at the next level of
    facenet-pytorch's own pyramid below it, never under its 20 pixels. thresholds are those of the
    P-, R- and O-net. The library's default is min_face_size=20 at any size; portraits need only
    large faces, and most of the time goes into the small ones.
    """

    def __init__(
        self,
        *,
        device: str,
        min_face: float,
        thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7),
        batch_size: int = 32,
    ) -> None:
        if not 0 < min_face <= 1:
            raise ValueError(f"min_face is a share of the side, above 0 to 1, found {min_face}.")
        if batch_size < 1:
            raise ValueError(f"The detector's batch_size must be at least 1, found {batch_size}.")
        self.nets = mtcnn_nets(device)  # by name, for pixels (n, 3, height, width)
        self._device, self._pixels = device, CPU_PIXELS if device.startswith("cpu") else GPU_PIXELS
        self._min_face, self._thresholds, self._batch_size = min_face, thresholds, batch_size

    def detect(self, images: Sequence[np.ndarray]) -> list[Face | None]:
        """One answer an image (height x width x 3 RGB uint8), in order; None without a face."""
        return [faces[0] if faces else None for faces in self.detect_all(images)]

    def detect_all(self, images: Sequence[np.ndarray]) -> list[list[Face]]:
        """All faces of each image, in order: the subject's first, the others best first."""
        by_size = defaultdict(list)
        for index, image in enumerate(images):
            if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
                form = f"{image.dtype} {image.shape}"
                raise ValueError(f"Image {index} must be height x width x 3 uint8, not {form}.")
            by_size[image.shape[:2]].append(index)
        faces: list[list[Face]] = [[] for _ in images]
        for (height, width), indices in by_size.items():
            step = max(1, min(self._batch_size, TABLE_PIXELS // (height * width)))
            for start in range(0, len(indices), step):
                batch = indices[start : start + step]
                found = self._detect_batch(np.stack([images[index] for index in batch]))
                for index, face in zip(batch, found, strict=True):
                    faces[index] = face
        return faces

    def _detect_batch(self, images: np.ndarray) -> list[list[Face]]:
        """The cascade over images of one size (n, height, width, 3)."""
        num, height, width, _ = images.shape
        tables = areas.integral(images)
        boxes, which = self._propose(tables)
        boxes, which = self._refine(tables, boxes, which)
        boxes, scores, points, which = self._decide(tables, boxes, which)
        faces: list[list[Face]] = [[] for _ in range(num)]
        for index in np.unique(which):
            rows = np.flatnonzero(which == index)
            rows = rows[cascade.best_apart(boxes[rows], scores[rows], overlap=0.7)]
            best = rows[main_face(boxes[rows], scores[rows], width, height)]
            faces[index] = [
                Face(boxes[row], points[row], float(scores[row]), len(rows))
                for row in (best, *rows[rows != best])
            ]
        return faces

    def _propose(self, tables: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Candidate squares (n, 4) of the P-net at every scale, and whose they are (n,)."""
        height, width = tables.shape[1] - 1, tables.shape[2] - 1
        min_face = self._min_face * min(height, width)
        levels = [(np.zeros((0, 9), np.float32), np.zeros(0, np.int64))]
        for scale in cascade.pyramid(width, height, min_face=min_face):
            means = areas.resized(tables, int(height * scale + 1), int(width * scale + 1))
            offsets, probs = self._answers("pnet", means)
            which, rows, columns = np.nonzero(probs[:, 1] >= self._thresholds[0])
            boxes = cascade.cell_boxes(rows, columns, scale=scale)
            scores = probs[which, 1, rows, columns]
            kept = self._best_apart(boxes, scores, which, overlap=0.5)
            found = np.concatenate([boxes, scores[:, None], offsets[which, :, rows, columns]], 1)
            levels.append((found[kept], which[kept]))
        found, which = (np.concatenate(parts) for parts in zip(*levels, strict=True))
        kept = self._best_apart(found[:, :4], found[:, 4], which, overlap=0.7)
        boxes = cascade.shifted(found[kept, :4], found[kept, 5:], pixel=0)
        return cascade.squared(boxes), which[kept]

    def _refine(
        self, tables: np.ndarray, boxes: np.ndarray, which: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The squares that the R-net keeps, moved by it."""
        boxes, which, means = _crops(tables, boxes, which, size=24)
        offsets, probs = self._answers("rnet", means)
        passed = probs[:, 1] > self._thresholds[1]
        boxes, which, offsets = boxes[passed], which[passed], offsets[passed]
        kept = self._best_apart(boxes, probs[passed, 1], which, overlap=0.7)
        return cascade.squared(cascade.shifted(boxes[kept], offsets[kept], pixel=1)), which[kept]

    def _decide(
        self, tables: np.ndarray, boxes: np.ndarray, which: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Boxes, scores, landmarks, images of what the O-net calls faces, overlaps still in."""
        boxes, which, means = _crops(tables, boxes, which, size=48)
        offsets, points, probs = self._answers("onet", means)
        passed = probs[:, 1] > self._thresholds[2]
        boxes, offsets, points = boxes[passed], offsets[passed], points[passed]
        landmarks = cascade.landmarks_inside(boxes, points)
        return cascade.shifted(boxes, offsets, pixel=1), probs[passed, 1], landmarks, which[passed]

    def _best_apart(
        self, boxes: np.ndarray, scores: np.ndarray, which: np.ndarray, *, overlap: float
    ) -> np.ndarray:
        """Rows that non-maximum suppression leaves, image by image, best first; the boxes of
        several images, laid apart in float64, go together."""
        if len(boxes) == 0:
            return np.zeros(0, dtype=np.int64)
        apart = which[:, None] * np.float64(boxes.max() - boxes.min() + 1)
        groups = which // max(1, TOGETHER * (which.max() + 1) // len(which))
        kept = []
        for group in np.unique(groups):
            rows = np.flatnonzero(groups == group)
            best = self._suppress(boxes[rows] + apart[rows], scores[rows].astype(float), overlap)
            kept.append(rows[best[np.argsort(which[rows[best]], kind="stable")]])
        return np.concatenate(kept)

    def _suppress(self, boxes: np.ndarray, scores: np.ndarray, overlap: float) -> np.ndarray:
        """The rows that non-maximum suppression leaves, best first."""
        import torch
        from torchvision.ops import nms

        return nms(torch.from_numpy(boxes), torch.from_numpy(scores), overlap).numpy()

    def _answers(self, name: str, means: np.ndarray) -> tuple[np.ndarray, ...]:
        """The outputs of a net, by name, for pixel means (n, height, width, 3): an array each; n
        may be 0."""
        import torch

        net = self.nets[name]
        num = len(means)
        if num == 0:  # the nets cannot flatten an empty batch: ask about one row, keep none
            means = np.zeros((1, *means.shape[1:]), dtype=np.float32)
        pixels = torch.from_numpy((means - np.float32(127.5)) * np.float32(0.0078125))
        # a GPU's convolutions keep ten bits unless told otherwise: the boxes are to be the CPU's
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            rows = pixels.permute(0, 3, 1, 2).split(self._rows_of(means))
            parts = [net(part.to(self._device)) for part in rows]
            outputs = (torch.cat(part)[:num] for part in zip(*parts, strict=True))
            return tuple(output.cpu().numpy() for output in outputs)

    def _rows_of(self, means: np.ndarray) -> int:
        """How many of these images a net takes at once."""
        return max(1, self._pixels // (means.shape[1] * means.shape[2]))


def _crops(
    tables: np.ndarray, boxes: np.ndarray, which: np.ndarray, *, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The boxes with area inside their image, whose they are, their pixels at size x size."""
    corners = cascade.corners_inside(boxes, width=tables.shape[2] - 1, height=tables.shape[1] - 1)
    inside = (corners[:, 2:] > corners[:, :2]).all(axis=1)
    boxes, which = boxes[inside], which[inside]
    return boxes, which, areas.cropped(tables, which, corners[inside], size=size)
