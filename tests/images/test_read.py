from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.images.read import UnreadableImageError, measure_image, read_image

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
