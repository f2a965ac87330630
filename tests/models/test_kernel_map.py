"""The Gaussian kernel as a layer: kernel ridge regression of scikit-learn, and few images."""

import numpy as np
import torch
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.preprocessing import KernelCenterer

from pipeline.models.kernel_map import KernelMap, gaussian
from pipeline.models.ridge import fit_ridges

RNG = np.random.default_rng(0)


def test_the_kernel_is_that_of_scikit_learn() -> None:
    x, y = RNG.normal(size=(20, 5)), RNG.normal(size=(7, 5))
    np.testing.assert_allclose(gaussian(x, y, gamma=0.3), rbf_kernel(x, y, gamma=0.3))


def test_with_all_images_as_centres_it_is_kernel_ridge_regression() -> None:
    x, new = RNG.normal(size=(60, 4)), RNG.normal(size=(30, 4))
    y = np.sin(2.0 * x[:, :1]) + x[:, 1:2] ** 2
    layer = KernelMap(4, num_centres=80).double()
    layer.fit(x, width=1.0)
    mapped, mapped_new = mapped_by(layer, x), mapped_by(layer, new)
    np.testing.assert_allclose(mapped @ mapped.T, rbf_kernel(x, gamma=0.25), atol=1e-4)
    head = fit_ridges(mapped, {"y": y}, groups=np.arange(60))["y"]
    centre = KernelCenterer().fit(rbf_kernel(x, gamma=0.25))  # for the intercept
    known = KernelRidge(alpha=60 * head.strength, kernel="precomputed")
    known.fit(centre.transform(rbf_kernel(x, gamma=0.25)), y - y.mean())
    wanted = known.predict(centre.transform(rbf_kernel(new, x, gamma=0.25))) + y.mean()
    found = mapped_new @ head.weight.T + head.bias
    np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_a_stored_map_answers_as_the_one_that_was_fitted() -> None:
    x = RNG.normal(size=(50, 3)).astype(np.float32)
    layer, read = KernelMap(3, num_centres=20), KernelMap(3, num_centres=20)
    layer.fit(x, width=0.3)
    read.load_state_dict(layer.state_dict())
    pixels = torch.from_numpy(x)
    torch.testing.assert_close(read(pixels), layer(pixels), rtol=0.0, atol=0.0)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(read(pixels), layer(pixels), rtol=0.0, atol=0.0)


def mapped_by(layer: KernelMap, x: np.ndarray) -> np.ndarray:
    """The layer's arithmetic in double precision; its own forward pass rounds to float32."""
    kernel = gaussian(x, layer.centres.numpy(), gamma=float(layer.gamma))
    return kernel @ layer.whitening.numpy()
