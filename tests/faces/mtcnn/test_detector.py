"""The detector against facenet-pytorch's own, image by image, on real faces where there are."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.faces.boxes import main_face
from pipeline.faces.mtcnn import cascade
from pipeline.faces.mtcnn.detector import Detector

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("FACES_DATA", ROOT.parent / "shared" / "data"))
TOLERANCE = 0.02  # pixels; float sums differ in their last digits with the shape of a batch
EMPTY = np.full((120, 90, 3), 127, dtype=np.uint8)


@pytest.fixture(scope="module")
def portraits() -> list[np.ndarray]:
    """Real images of mixed sizes, some of them without a face."""
    folders = sorted((DATA / "masks" / "train" / "images").glob("*"))[:60:10]
    if not folders:
        pytest.skip("no real faces: set FACES_DATA to a folder that holds masks/train/images")
    names = ("normal", "mask1", "mask3", "incorrect_mask")
    paths = [next(folder.glob(f"{name}.*")) for folder in folders for name in names]
    images = [Image.open(path).convert("RGB") for path in paths]
    images[1::4] = [image.resize((180, 200)) for image in images[1::4]]
    images[2] = images[2].resize((384, 512))
    arrays = [np.array(image) for image in images]
    return [EMPTY, *arrays[:10], np.zeros_like(arrays[0]), EMPTY, *arrays[10:]]


def same(one, other) -> bool:
    if one is None or other is None:
        return one is other
    return (
        np.abs(one.box - other.box).max() < TOLERANCE
        and np.abs(one.landmarks - other.landmarks).max() < TOLERANCE
        and abs(one.probability - other.probability) < 1e-3
        and one.num_faces == other.num_faces
    )


@pytest.mark.parametrize("min_face", [0.01, 0.3])
def test_faces_are_the_librarys(portraits, min_face):
    from facenet_pytorch import MTCNN

    found = Detector(device="cpu", min_face=min_face).detect(portraits)
    assert sum(face is not None for face in found) >= 20
    for image, face in zip(portraits, found, strict=True):
        height, width = image.shape[:2]
        scale = cascade.pyramid(width, height, min_face=min_face * min(width, height))[0]
        library = MTCNN(keep_all=True, min_face_size=cascade.CELL / scale)
        boxes, probs, points = library.detect(image, landmarks=True)
        assert (face is None) == (boxes is None)
        if face is not None:
            best = main_face(boxes, probs, width, height)
            assert face.num_faces == len(boxes)
            np.testing.assert_allclose(face.box, boxes[best].astype(float), atol=TOLERANCE)
            np.testing.assert_allclose(face.landmarks, points[best].astype(float), atol=TOLERANCE)
            assert face.probability == pytest.approx(probs[best], abs=1e-3)


def test_a_gpus_convolutions_are_asked_for_all_their_bits() -> None:
    import torch

    seen, detector = [], Detector(device="cpu", min_face=0.3)
    detector.nets["pnet"].register_forward_hook(
        lambda *_: seen.append(torch.backends.cudnn.allow_tf32)
    )
    before = torch.backends.cudnn.allow_tf32
    detector.detect([EMPTY])
    assert seen and not any(seen)
    assert torch.backends.cudnn.allow_tf32 is before


def test_a_face_does_not_depend_on_its_batch(portraits):
    detector = Detector(device="cpu", min_face=0.2, batch_size=5)
    together = detector.detect(portraits)
    assert all(
        same(face, detector.detect([image])[0])
        for image, face in zip(portraits, together, strict=True)
    )
    backwards = detector.detect(portraits[::-1])[::-1]
    assert all(same(one, other) for one, other in zip(together, backwards, strict=True))


@pytest.mark.parametrize("thresholds", [(0.6, 0.7, 0.7), (0.0, 0.7, 0.7), (0.0, 0.0, 0.7)])
def test_images_without_a_face_are_none_in_every_batch(thresholds):
    detector = Detector(device="cpu", min_face=0.3, thresholds=thresholds)
    tiny = np.zeros((19, 400, 3), dtype=np.uint8)
    assert detector.detect([]) == []
    assert detector.detect([EMPTY]) == [None]
    assert detector.detect([EMPTY, tiny, EMPTY, EMPTY[:40, :40]]) == [None] * 4


def test_settings_and_images_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="min_face"):
        Detector(device="cpu", min_face=20)
    with pytest.raises(ValueError, match="batch_size"):
        Detector(device="cpu", min_face=0.2, batch_size=0)
    with pytest.raises(ValueError, match="Image 1"):
        Detector(device="cpu", min_face=0.2).detect([EMPTY, EMPTY[..., 0]])
