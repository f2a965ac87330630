"""The plain way to the faces: facenet-pytorch's detector at its defaults, image by image."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np


class PlainCropper:
    """Opens an image, detects, takes the most probable face, cuts and resizes it with PIL."""

    def __init__(self, *, device: str, size: int, margin: float) -> None:
        from facenet_pytorch import MTCNN

        self.detector = MTCNN(keep_all=True, device=device)
        self.size, self.margin = size, margin

    def __call__(self, paths: Iterable[Path]) -> tuple[list[np.ndarray | None], np.ndarray]:
        """All boxes (n, 4) of every image, None where no face is found, and the crops."""
        from PIL import Image

        boxes, crops = [], []
        for path in paths:
            image = Image.open(path).convert("RGB")
            found, _ = self.detector.detect(image)
            boxes.append(found)
            if found is None:
                side = 0.78125 * min(image.size)
                middle_x, middle_y = image.width / 2, image.height / 2
            else:
                x1, y1, x2, y2 = found[0]
                side = max(x2 - x1, y2 - y1) * (1 + 2 * self.margin)
                middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
            corners = (middle_x - side / 2, middle_y - side / 2)
            square = tuple(round(c) for c in (*corners, corners[0] + side, corners[1] + side))
            crops.append(np.asarray(image.crop(square).resize((self.size, self.size))))
        return boxes, np.stack(crops)
