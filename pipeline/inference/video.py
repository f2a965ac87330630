"""Videos for predict: their frames one after another."""

from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np

from pipeline.console import Bar
from pipeline.inference.annotate import draw_faces
from pipeline.inference.readout import FacePrediction
from pipeline.storage import atomic_write

FPS = 5.0  # frames a second that are answered
Answer = Callable[[np.ndarray], list[FacePrediction]]


def read_fps(options: Mapping[str, str]) -> float:
    """Frames a second to answer. Raises ValueError for what is no number above 0."""
    word = options.get("fps", str(FPS))
    try:
        value = float(word)
    except ValueError:
        value = 0.0
    if not value > 0:
        raise ValueError(f"predict: fps={word} must be a number above 0: frames a second")
    return value


def answer_video(answer: Answer, path: Path, made: Path, *, fps: float) -> list[dict]:
    """Rows of the frames that were answered, `fps` a second; writes them annotated as a video."""
    from pipeline.inference.faces_table import face_rows

    film = cv2.VideoCapture(str(path))
    rate = film.get(cv2.CAP_PROP_FPS) or 25.0
    step = max(1, round(rate / fps))
    rows = []
    writer = None
    number = 0
    total = max(0, int(film.get(cv2.CAP_PROP_FRAME_COUNT))) // step
    bar = Bar(total, desc=f"predict: {path.name}", unit="frames")
    with atomic_write(made, short=False) as temporary:
        try:
            while film.grab():
                if number % step == 0:
                    read, frame = film.retrieve()
                    if not read:
                        break
                    image = np.ascontiguousarray(frame[:, :, ::-1])
                    faces = answer(image)
                    when = {"frame": number, "seconds": round(number / rate, 3)}
                    rows += face_rows(str(path), faces, **when)
                    seen = draw_faces(image, faces)
                    if writer is None:
                        code = cv2.VideoWriter.fourcc(*"mp4v")
                        size = (seen.shape[1], seen.shape[0])
                        writer = cv2.VideoWriter(str(temporary), code, rate / step, size)
                    writer.write(np.ascontiguousarray(seen[:, :, ::-1]))
                    bar.update()
                number += 1
        finally:
            film.release()
            bar.close()
            if writer is not None:
                writer.release()
        if writer is None:
            temporary.touch()
    if not rows:
        made.unlink()
        return [{"file": str(path), "status": f"{path.name}: not a video that can be read"}]
    return rows
