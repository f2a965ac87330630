"""Images that lie: each is pixels or one error with its name; bounded memory; always upright."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from pipeline.images.read import UnreadableImageError, measure_image, read_image
from pipeline.storage import PROJECT

NOISE = np.random.default_rng(0).integers(255, size=(16, 24, 3), dtype=np.uint8)
ENDINGS = {"PNG": "png", "TIFF": "tif", "WEBP": "webp", "JPEG": "jpg", "GIF": "gif", "BMP": "bmp"}


def encoded(kind: str, mode: str = "RGB", **options: object) -> bytes:
    file = io.BytesIO()
    image = Image.fromarray(NOISE)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    else:
        image = image.convert(mode)
    image.save(file, format=kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("PNG", mode) for mode in ("RGB", "RGBA", "L", "I;16")),
        *((kind, mode) for kind in ("TIFF", "WEBP") for mode in ("RGB", "RGBA")),
        *(("JPEG", mode) for mode in ("RGB", "L")),
    ],
)
def test_every_kind_in_every_mode_comes_out_upright(
    kind: str, mode: str, turn: int, tmp_path: Path
) -> None:
    """A PNG with transparency or 16 bits came out sideways once: PIL forgets the tag on the way."""
    exif = Image.Exif()
    exif[0x0112] = turn
    options = {"lossless": True} if kind == "WEBP" else {}
    path = tmp_path / f"a.{ENDINGS[kind]}"
    path.write_bytes(encoded(kind, mode, exif=exif, **options))
    pixels = read_image(path)
    with Image.open(path) as image:
        wanted = ImageOps.exif_transpose(image)
        if mode == "I;16":
            wanted = Image.fromarray((np.asarray(wanted).astype(int) // 257).astype(np.uint8))
        assert np.array_equal(pixels, np.asarray(wanted.convert("RGB")))


@pytest.mark.parametrize("kind", ENDINGS)
def test_the_ending_of_the_name_does_not_matter(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(kind))
    assert read_image(path).shape == (16, 24, 3)


def test_the_first_image_of_an_animation_counts(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for ending in ("gif", "webp", "png"):
        path = tmp_path / f"a.{ending}"
        frames[0].save(path, save_all=True, append_images=frames[1:])
        red, _, blue = read_image(path).mean(axis=(0, 1))
        assert red > 200 and blue < 60


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 2), (2, 2), (3, 1), (1, 4000)])
def test_the_smallest_images_have_a_middle_to_cut(size: tuple[int, int], tmp_path: Path) -> None:
    from pipeline.faces.boxes import centre_box, square_box
    from pipeline.faces.crop import cut

    path = tmp_path / "a.png"
    Image.new("RGB", size, "red").save(path)
    pixels = read_image(path)
    for fraction in (1.0, 0.78125, 0.01):
        box = square_box(centre_box(*size, fraction=fraction), margin=0.0)
        assert (cut(pixels, box, size=16) == [255, 0, 0]).all()


@pytest.mark.parametrize("name", ["имя лица.png", "顔 写真.png", "a\u0301😀.png", "'two\" o.png"])
def test_names_are_in_any_script(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(encoded("PNG"))
    assert measure_image(tmp_path / name) == (24, 16)
    assert np.array_equal(read_image(tmp_path / name), NOISE)


def test_links_in_a_loop_folders_and_pipes_are_one_error(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").symlink_to(tmp_path / "b.jpg")
    (tmp_path / "b.jpg").symlink_to(tmp_path / "a.jpg")
    (tmp_path / "folder.jpg").mkdir()
    for name in ("a.jpg", "folder.jpg", f"{'x' * 300}.jpg", "zero\0byte.jpg"):
        with pytest.raises(UnreadableImageError):
            read_image(tmp_path / name)
        with pytest.raises(UnreadableImageError):
            measure_image(tmp_path / name)


def test_a_program_in_a_image_s_clothes_is_never_run(tmp_path: Path) -> None:
    """PIL hands EPS to Ghostscript whatever the file is called."""
    text = "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    (tmp_path / "a.jpg").write_text(text)
    with pytest.raises(UnreadableImageError, match="not an image"):
        read_image(tmp_path / "a.jpg")


SOUND = {kind: encoded(kind, **({"save_all": False} if kind == "GIF" else {})) for kind in ENDINGS}


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(sorted(ENDINGS)),
    length=st.floats(0.0, 1.0),
    changes=st.lists(st.tuples(st.floats(0.0, 1.0), st.integers(0, 255)), max_size=8),
)
def test_whatever_is_damaged_it_is_pixels_or_one_error(
    kind: str, length: float, changes: list, tmp_path_factory: pytest.TempPathFactory
) -> None:
    raw = bytearray(SOUND[kind])
    for place, value in changes:
        raw[min(int(place * len(raw)), len(raw) - 1)] = value
    path = tmp_path_factory.getbasetemp() / f"damaged.{ENDINGS[kind]}"
    path.write_bytes(raw[: round(length * len(raw))] if length < 0.7 else raw)
    try:
        pixels = read_image(path)
    except UnreadableImageError as error:
        assert str(error).startswith(path.name)
        assert "\n" not in str(error)
    else:
        assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3


MEASURE = """
import resource, sys
from pathlib import Path
from pipeline.images.read import UnreadableImageError, read_image
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in sys.argv[1:]:
    try:
        print("read", name)
        read_image(Path(name))
    except UnreadableImageError as error:
        print(error)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_bombs_cost_no_memory(tmp_path: Path) -> None:
    """20,000 x 20,000 pixels are 1.2 GB when decoded; they are refused by their header."""
    side, raw = 20_000, {kind: bytearray(encoded(kind, "RGB")) for kind in ("PNG", "BMP", "GIF")}
    raw["PNG"][16:24] = struct.pack(">II", side, side)
    raw["PNG"][29:33] = struct.pack(">I", zlib.crc32(raw["PNG"][12:29]))
    raw["BMP"][18:26] = struct.pack("<ii", side, side)
    raw["GIF"][6:10] = struct.pack("<HH", side, side)
    names = [str(tmp_path / f"bomb.{ENDINGS[kind]}") for kind in raw]
    for name, data in zip(names, raw.values(), strict=True):
        Path(name).write_bytes(data)
    told = subprocess.run(
        [sys.executable, "-c", MEASURE, *names],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = told.stdout.splitlines()
    assert sum("too large" in line for line in lines) == 3, lines
    assert int(lines[-1]) < 50_000, "kB more than before, at most"


def test_large_photographs_are_decoded_a_few_at_a_time() -> None:
    """64 images of 24 million pixels would be 4.6 GB, and as much for those read ahead."""
    from pipeline.preprocessing.shards import CHUNK, PIXELS, chunks_of

    small = list(chunks_of([96 * 112] * 200))
    assert [len(part) for part in small] == [CHUNK, CHUNK, CHUNK, 200 - 3 * CHUNK]
    sizes = [24_000_000] * 10 + [170_000_000, 100] + [0] * 100
    parts = list(chunks_of(sizes))
    assert [row for part in parts for row in part] == list(range(len(sizes)))
    assert all(sum(sizes[row] for row in part) <= PIXELS or len(part) == 1 for part in parts)
    assert list(chunks_of([])) == []
