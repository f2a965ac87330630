"""Where the crop stage takes a face from: the contest's table before the detector."""

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from pipeline.config.preprocessing import Crop
from pipeline.preprocessing.face_advice import face_advice
from pipeline.preprocessing.shards import _rows, table_box


class FakeDetector:
    """Finds no face, and counts what it was asked for."""

    asked = 0

    def detect(self, images: list[np.ndarray]) -> list[None]:
        self.asked += len(images)
        return [None] * len(images)


def test_a_box_of_the_table_is_the_face_and_is_not_looked_for() -> None:
    images = pd.DataFrame(
        {
            "image_id": ["a", "b"],
            "status": "ok",
            "box_x1": [1.0, np.nan],
            "box_y1": [2.0, np.nan],
            "box_x2": [6.0, np.nan],
            "box_y2": [8.0, np.nan],
        }
    )
    pixels = np.zeros((20, 30, 3), dtype=np.uint8)
    detector = FakeDetector()
    rows = _rows(images, [(pixels, ""), (pixels, "")], crop=Crop(), detector=detector)
    assert [row["how"] for row in rows] == ["table", "centre"]
    assert [rows[0][side] for side in ("x1", "y1", "x2", "y2")] == [1, 2, 6, 8]
    assert detector.asked == 1
    assert table_box({"image_id": "a"}) is None


def test_many_images_without_a_face_or_with_several_are_told(tmp_path: Path) -> None:
    ids = [f"{number}.png" for number in range(8)]
    for name in ids:
        Image.new("RGB", (64, 64)).save(tmp_path / name)
    images = pd.DataFrame({"image_id": ids, "path": ids})
    faces = pd.DataFrame({"image_id": ids, "status": "ok", "how": "centre", "num_faces": 0})
    crop = Crop(min_face=0.4)
    (said,) = face_advice(faces, images, crop=crop, root=tmp_path, device="cpu")
    assert said.startswith("no face was found in 8 of 8 images, so their middle was cut")
    assert "crop.min_face" in said and "none is found in 8 of them either" in said
    faces = faces.assign(how="mtcnn", num_faces=[2] * 4 + [1] * 4)
    (said,) = face_advice(faces, images, crop=crop, root=tmp_path, device="cpu")
    assert said.startswith("4 of 8 images hold several faces")
    assert "table.box" in said and "several_faces" in said
    faces = faces.assign(num_faces=1)
    assert face_advice(faces, images, crop=crop, root=tmp_path, device="cpu") == []
