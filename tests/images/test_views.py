import pytest
import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as reference

from pipeline.images.views import apply_view

BATCH = torch.rand(2, 3, 33, 33, generator=torch.Generator().manual_seed(0))


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


def test_scale_is_torchvision_s_and_enlarges() -> None:
    expected = reference.affine(smooth(), 0.0, [0, 0], 1.25, [0.0, 0.0], InterpolationMode.BILINEAR)
    found = apply_view(smooth(), view="scale_1.25")
    torch.testing.assert_close(inside(found), inside(expected), atol=2e-3, rtol=0)


@pytest.mark.parametrize(
    ("view", "back"), [("rotate_7", "rotate_-7"), ("scale_1.25", "scale_0.8"), ("flip", "flip")]
)
def test_a_view_and_its_opposite_give_the_picture_back(view: str, back: str) -> None:
    found = apply_view(apply_view(smooth(), view=view), view=back)
    torch.testing.assert_close(inside(found), inside(smooth()), atol=0.02, rtol=0)


def test_flip_comes_first_in_a_joint_view() -> None:
    expected = apply_view(apply_view(BATCH, view="flip"), view="rotate_5")
    assert torch.equal(apply_view(BATCH, view="flip_rotate_5"), expected)


@pytest.mark.parametrize("view", ["flop", "", "rotate_", "flip_", "scale_0"])
def test_what_is_no_view_is_refused(view: str) -> None:
    with pytest.raises(ValueError, match="view"):
        apply_view(BATCH, view=view)
