import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as reference

from pipeline.images.transform import Transform, normalise
from pipeline.images.views import apply_view
from pipeline.labels.views import VIEW_FORMS, parse_view

BATCH = torch.rand(2, 3, 33, 33, generator=torch.Generator().manual_seed(0))
TRANSFORM = Transform(size=33, mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
EVERY = ("identity", "flip", "rotate_12.5", "scale_1.2", "shift_0.06_-0.12", "crop_0.9")
EVERY += ("crop_0.8_bottom_left", "brightness_0.9")


def smooth() -> torch.Tensor:
    return reference.gaussian_blur(BATCH, [9, 9], [3.0, 3.0])


def inside(batch: torch.Tensor) -> torch.Tensor:
    return batch[:, :, 10:23, 10:23]


def test_identity_and_flip() -> None:
    assert apply_view(BATCH, view="identity") is BATCH
    assert torch.equal(apply_view(BATCH, view="flip"), reference.hflip(BATCH))


@pytest.mark.parametrize("degrees", [90, -90, 10, -25])
def test_rotation_is_torchvision_s(degrees: int) -> None:
    expected = reference.rotate(smooth(), degrees, InterpolationMode.BILINEAR)
    found = apply_view(smooth(), view=f"rotate_{degrees}")
    torch.testing.assert_close(inside(found), inside(expected), atol=2e-3, rtol=0)


def test_scale_and_shift_are_torchvision_s() -> None:
    """33 pixels: a shift of 3 and -6 of them is 1/11 and -2/11 of the sides."""
    given = (InterpolationMode.BILINEAR,)
    expected = reference.affine(smooth(), 0.0, [0, 0], 1.25, [0.0, 0.0], *given)
    found = apply_view(smooth(), view="scale_1.25")
    torch.testing.assert_close(inside(found), inside(expected), atol=2e-3, rtol=0)
    expected = reference.affine(smooth(), 0.0, [3, -6], 1.0, [0.0, 0.0], *given)
    found = apply_view(smooth(), view=f"shift_{1 / 11:.8f}_{-2 / 11:.8f}")
    torch.testing.assert_close(inside(found), inside(expected), atol=2e-3, rtol=0)


def test_crops_are_cut_and_enlarged() -> None:
    """Of 32 pixels the corner of 0.75 is 24; the middle crop is the scale that it enlarges by."""
    batch = smooth()[:, :, :32, :32]
    expected = reference.resize(batch[:, :, 8:, :24], [32, 32], antialias=False)
    found = apply_view(batch, view="crop_0.75_bottom_left")
    torch.testing.assert_close(
        found[:, :, 2:-2, 2:-2], expected[:, :, 2:-2, 2:-2], atol=2e-3, rtol=0
    )
    found, expected = (apply_view(batch, view=view) for view in ("crop_0.8", "scale_1.25"))
    torch.testing.assert_close(found, expected)


def test_brightness_is_of_the_pixels_and_ends_at_white() -> None:
    pixels = torch.randint(0, 256, (2, 9, 9, 3), dtype=torch.uint8)
    lit = normalise((pixels.float() * 1.25).clamp(0, 255), transform=TRANSFORM)
    found = apply_view(
        normalise(pixels, transform=TRANSFORM), view="brightness_1.25", transform=TRANSFORM
    )
    torch.testing.assert_close(found, lit, atol=1e-5, rtol=1e-5)
    with pytest.raises(ValueError, match="needs the transform"):
        apply_view(BATCH, view="brightness_1.25")


@pytest.mark.parametrize("flip", ["", "flip_"])
@pytest.mark.parametrize("view", EVERY)
def test_a_view_and_its_inverse_give_the_image_back(view: str, flip: str) -> None:
    name = view if view in ("identity", "flip") else flip + view
    batch = normalise(smooth().permute(0, 2, 3, 1) * 180 + 20, transform=TRANSFORM)
    seen = apply_view(batch, view=name, transform=TRANSFORM)
    found = apply_view(seen, view=parse_view(name).inverse, transform=TRANSFORM)
    torch.testing.assert_close(inside(found), inside(batch), atol=0.05, rtol=0)
    back = parse_view(name).inverse.inverse
    assert back.flip == parse_view(name).flip
    torch.testing.assert_close(torch.tensor(back.matrix), torch.tensor(parse_view(name).matrix))


def test_flip_comes_first_in_a_joint_view() -> None:
    expected = apply_view(apply_view(BATCH, view="flip"), view="rotate_5")
    assert torch.equal(apply_view(BATCH, view="flip_rotate_5"), expected)


@pytest.mark.parametrize(
    "view",
    [
        "flop",
        "",
        "rotate_",
        "flip_",
        "scale_0",
        "flip_flip",
        "flip_identity",
        "crop_0.9_top",
        "rotate_5.",
        "shift_0.1",
        "shift_0.9_0",
        "brightness_9",
        "rotate_5_rotate_5",
    ],
)
def test_what_is_no_view_is_refused(view: str) -> None:
    with pytest.raises(ValueError, match="view"):
        apply_view(BATCH, view=view)


def test_the_refusal_lists_what_there_is_and_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"did you mean rotate_DEGREES\?") as found:
        parse_view("flip_rotat_5")
    assert all(form in str(found.value) for form in VIEW_FORMS)
