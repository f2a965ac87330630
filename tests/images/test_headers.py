"""The short way to a JPEG's size says what PIL says, or nothing."""

import io
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.images.read import jpeg_size

PIXELS = np.random.default_rng(0).integers(256, size=(24, 40, 3), dtype=np.uint8)
EXIF = Image.Exif()
EXIF[0x0112] = 6
KINDS = {
    "plain": {},
    "progressive": {"progressive": True},
    "turned": {"exif": EXIF},
    "restarts": {"restart_marker_rows": 1},
    "comment": {"comment": b"c" * 9000},
}


def jpeg(mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(PIXELS).convert(mode).save(out, format="JPEG", **options)
    return out.getvalue()


def pil_size(content: bytes) -> tuple[int, int] | None:
    try:
        with Image.open(io.BytesIO(content), formats=["JPEG"]) as image:
            return image.size
    except Exception:  # what PIL refuses, for whatever reason, is left to it
        return None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_ordinary_files_have_their_size(kind: str, mode: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(mode, **KINDS[kind]))
    assert jpeg_size(path) == (40, 24)


def test_other_files_have_none(tmp_path: Path) -> None:
    for content in (b"", b"\xff\xd8\xff", b"GIF89a", jpeg()[:200]):
        (tmp_path / "a").write_bytes(content)
        assert jpeg_size(tmp_path / "a") is None
    assert jpeg_size(tmp_path / "nowhere") is None
    assert jpeg_size(tmp_path) is None
    assert jpeg_size(Path("a\0b")) is None


@settings(max_examples=200)
@given(kind=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 2**32), cut=st.booleans())
def test_of_a_damaged_file_it_says_what_pil_says_or_nothing(
    kind: str, seed: int, cut: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    chance, content = random.Random(seed), bytearray(jpeg(**KINDS[kind]))
    for _ in range(chance.randint(1, 4)):
        content[chance.randrange(min(len(content), 700))] = chance.randrange(256)
    content = bytes(content[: chance.randrange(len(content))] if cut else content)
    path = tmp_path_factory.getbasetemp() / "damaged.jpg"
    path.write_bytes(content)
    found = jpeg_size(path)
    assert found is None or found == pil_size(content)
