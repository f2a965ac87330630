import numpy as np
import timm
import torch
from PIL import Image
from torchvision.transforms import functional as reference

from pipeline.images.dataset import CropDataset, make_loader
from pipeline.images.sampler import EpochSampler, in_order
from pipeline.images.transform import Transform, fit_size, normalise

CROP = np.random.default_rng(0).integers(255, size=(40, 40, 3), dtype=np.uint8)


def test_normalisation_is_torchvision_s() -> None:
    config = timm.data.resolve_data_config(timm.get_pretrained_cfg("test_resnet").to_dict())
    transform = Transform(size=40, mean=config["mean"], std=config["std"])
    found = normalise(torch.from_numpy(CROP)[None], transform=transform)[0]
    image = reference.to_tensor(Image.fromarray(CROP))
    expected = reference.normalize(image, list(config["mean"]), list(config["std"]))
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_the_input_is_channels_last_however_the_pixels_come() -> None:
    transform = Transform(size=40, mean=(0.5, 0.4, 0.3), std=(0.5, 0.5, 0.2))
    pixels = torch.from_numpy(np.stack([CROP, CROP[::-1]]))
    planes = pixels.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
    wanted, found = (normalise(each, transform=transform) for each in (pixels, planes))
    assert torch.equal(found, wanted)
    for inputs in (wanted, found):
        assert inputs.is_contiguous(memory_format=torch.channels_last)


def test_train_tensor_equals_infer_tensor() -> None:
    """The same image takes the same way in training (without augmentation) and inference."""
    crops = np.stack([CROP, CROP[::-1]])
    transform = Transform(size=32, mean=(0.5, 0.4, 0.3), std=(0.5, 0.5, 0.2))
    dataset = CropDataset(crops, rows=np.array([1, 0]), size=32, targets={"t": np.array([0, 1])})
    trained = make_loader(dataset, EpochSampler(2, batch_size=2, seed=0), workers=0, pin=False)
    inferred = make_loader(dataset, in_order(2, batch_size=1), workers=2, pin=False)
    by_target = {}
    for pixels, targets in trained:
        inputs = normalise(pixels, transform=transform)
        by_target = dict(zip(targets["t"].tolist(), inputs, strict=True))
    for pixels, targets in inferred:
        (inputs,) = normalise(pixels, transform=transform)
        assert torch.equal(inputs, by_target[int(targets["t"][0])])


def test_a_crop_of_the_right_size_is_untouched_and_shrinking_keeps_the_mean() -> None:
    assert np.array_equal(fit_size(CROP, size=40), CROP)
    small = fit_size(CROP, size=20)  # area: every pixel the mean of 2 x 2
    blocks = CROP.reshape(20, 2, 20, 2, 3).mean(axis=(1, 3))
    assert np.abs(small - blocks).max() <= 0.5


def test_the_fingerprint_knows_every_part() -> None:
    base = Transform(size=32, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))
    prints = {
        base.fingerprint(crop_recipe="a"),
        base.fingerprint(crop_recipe="b"),
        Transform(size=33, mean=base.mean, std=base.std).fingerprint(crop_recipe="a"),
        Transform(size=32, mean=(0.4, 0.5, 0.5), std=base.std).fingerprint(crop_recipe="a"),
    }
    assert len(prints) == 4
    assert base.fingerprint(crop_recipe="a") in prints
