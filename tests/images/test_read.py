from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.images.read import (
    UnreadableImageError,
    measure_image,
    read_image,
    to_eight_bits,
)

RED = np.full((20, 30, 3), (200, 20, 20), dtype=np.uint8)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "P", "RGBA", "LA", "I;16", "1"])
def test_every_mode_becomes_rgb(tmp_path: Path, mode: str) -> None:
    grey = Image.fromarray(RED).convert("L")
    if mode == "I;16":
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    else:
        image = Image.fromarray(RED).convert(mode)
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    image.save(path)
    pixels = read_image(path)
    assert pixels.shape == (20, 30, 3)
    assert pixels.dtype == np.uint8
    if mode in ("L", "LA", "I;16"):
        assert np.abs(pixels.astype(int) - int(np.asarray(grey)[0, 0])).max() <= 1
    elif mode in ("RGB", "RGBA", "P"):
        mean = pixels.mean(axis=(0, 1))  # PIL dithers a palette
        assert np.abs(mean - RED[0, 0]).max() <= 6


def test_transparent_pixels_become_white(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert (read_image(tmp_path / "a.png") == 255).all()


def test_a_image_comes_out_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned a quarter: the stored rows are the image's columns
    Image.fromarray(RED).save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").shape == (30, 20, 3)


def test_what_is_no_image_is_one_error_with_a_reason(tmp_path: Path) -> None:
    whole = tmp_path / "whole.jpg"
    Image.fromarray(np.random.default_rng(0).integers(255, size=(64, 64, 3), dtype=np.uint8)).save(
        whole
    )
    (tmp_path / "cut.jpg").write_bytes(whole.read_bytes()[:900])
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("hello")
    for name in ("cut.jpg", "empty.jpg", "text.jpg", "absent.jpg"):
        with pytest.raises(UnreadableImageError, match=name):
            read_image(tmp_path / name)
    with pytest.raises(UnreadableImageError, match="not an image"):
        measure_image(tmp_path / "text.jpg")


def test_a_decompression_bomb_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    Image.new("1", (20_000, 20_000)).save(tmp_path / "bomb.png")
    assert (tmp_path / "bomb.png").stat().st_size < 200_000
    with pytest.raises(UnreadableImageError, match="too large"):
        read_image(tmp_path / "bomb.png")


RAMP = np.linspace(0, 1, 256).reshape(16, 16)  # of black to white


@pytest.mark.parametrize("bits", [10, 12, 14, 16])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_more_than_eight_bits_are_scaled_and_not_black(
    tmp_path: Path, bits: int, colour: bool, ending: str
) -> None:
    import cv2

    values = np.rint(RAMP * (2**bits - 1)).astype(np.uint16)
    if colour:
        values = np.stack([values, values // 2, values // 4], axis=-1)  # blue, green, red
    path = tmp_path / f"a.{ending}"
    assert cv2.imwrite(str(path), values)
    expected = np.rint(RAMP * 255)
    pixels = read_image(path).astype(int)
    assert np.abs(pixels[..., 2] - expected).max() <= 1
    assert np.abs(pixels[..., 0] - (expected / 4 if colour else expected)).max() <= 1


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0.0, 0.5, 1.0]), [0, 128, 255]),
        (np.array([-1.0, 0.0, 1.0], dtype=np.float32), [0, 128, 255]),
        (np.array([0.0, 100.0, 255.0]), [0, 100, 255]),
        (np.array([0, 2048, 4095], dtype=np.int32), [0, 128, 255]),
        (np.array([0, 200], dtype=np.uint16), [0, 200]),  # eight bits in a wider box
    ],
)
def test_the_scale_is_that_of_the_values(values: np.ndarray, expected: list[int]) -> None:
    assert to_eight_bits(values).tolist() == expected


def test_an_image_of_fractions_is_read_and_one_of_nan_is_refused(tmp_path: Path) -> None:
    Image.fromarray(RAMP.astype(np.float32)).save(tmp_path / "a.tif")
    assert np.abs(read_image(tmp_path / "a.tif")[..., 0] - np.rint(RAMP * 255)).max() <= 1
    Image.fromarray(np.full((4, 4), np.nan, dtype=np.float32)).save(tmp_path / "b.tif")
    with pytest.raises(UnreadableImageError, match=r"b\.tif: it holds values that are no numbers"):
        read_image(tmp_path / "b.tif")
