"""The detector without torch: its three nets as ONNX files, suppression in numpy."""

from pathlib import Path
from typing import Protocol

import numpy as np

from pipeline.faces.boxes import iou
from pipeline.faces.mtcnn.detector import CPU_PIXELS, Detector

NETS = ("pnet", "rnet", "onet")


class Session(Protocol):
    """What is used of onnxruntime's InferenceSession."""

    def run(self, outputs: None, inputs: dict[str, np.ndarray]) -> list[np.ndarray]: ...


class PortableDetector(Detector):
    """A Detector that reads pnet.onnx, rnet.onnx and onet.onnx of a folder, on the CPU."""

    def __init__(
        self,
        folder: Path,
        *,
        min_face: float,
        thresholds: tuple[float, float, float],
        batch_size: int = 32,
    ) -> None:
        import onnxruntime

        self._sessions: dict[str, Session] = {}
        for name in NETS:
            path = str(folder / f"{name}.onnx")
            self._sessions[name] = onnxruntime.InferenceSession(
                path, providers=["CPUExecutionProvider"]
            )
        self._pixels, self._min_face, self._batch_size = CPU_PIXELS, min_face, batch_size
        self._thresholds = thresholds

    def _answers(self, name: str, means: np.ndarray) -> tuple[np.ndarray, ...]:
        session = self._sessions[name]
        num = len(means)
        if num == 0:  # ask about one row, keep none
            means = np.zeros((1, *means.shape[1:]), dtype=np.float32)
        pixels = (means - np.float32(127.5)) * np.float32(0.0078125)
        pixels = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
        rows = self._rows_of(means)
        parts = [
            session.run(None, {"pixels": pixels[start : start + rows]})
            for start in range(0, len(pixels), rows)
        ]
        return tuple(np.concatenate(part)[:num] for part in zip(*parts, strict=True))

    def _suppress(self, boxes: np.ndarray, scores: np.ndarray, overlap: float) -> np.ndarray:
        order = np.argsort(-scores, kind="stable")
        kept = []
        while len(order):
            best, order = order[0], order[1:]
            kept.append(best)
            order = order[iou(boxes[best], boxes[order]) <= overlap]
        return np.array(kept, dtype=np.int64)
