"""A Gaussian kernel as a layer: similarities to some training images, for a linear head behind it.

Nyström's approximation (Williams and Seeger 2001): a ridge on the mapped features is kernel ridge
regression, exactly so when every training image is among the centres.
"""

import numpy as np
import torch
from torch import nn

from pipeline.models.heads import full_precision

NUM_CENTRES = 1000  # similarities of an image; 3,000 training images take seconds with so many
WIDTHS = (0.1, 0.3, 1.0)  # of the kernel, tried: exp(-width * squared distance / features)
LEAST = 1e-5  # of the largest eigenvalue: smaller ones hold rounding


class KernelMap(nn.Module):
    """Standardised features (N, D) to (N, num_centres) whose products are the kernel's values."""

    centres: torch.Tensor
    whitening: torch.Tensor
    gamma: torch.Tensor

    def __init__(self, num_features: int, *, num_centres: int = NUM_CENTRES) -> None:
        super().__init__()
        self.register_buffer("centres", torch.zeros(num_centres, num_features))
        self.register_buffer("whitening", torch.zeros(num_centres, num_centres))
        self.register_buffer("gamma", torch.zeros(()))

    def fit(self, x: np.ndarray, *, width: float) -> None:
        """Draws centres among the rows of x (N, D) by a fixed seed: all rows where they are few."""
        num_centres = len(self.centres)
        rows = np.random.default_rng(0).permutation(len(x))[:num_centres]
        centres = x[np.sort(rows)]
        gamma = width / x.shape[1]
        values, vectors = np.linalg.eigh(gaussian(centres, centres, gamma=gamma))
        kept = values > LEAST * values[-1]
        roots = np.zeros_like(values)
        roots[kept] = 1.0 / np.sqrt(values[kept])
        whitening = np.zeros((num_centres, num_centres))  # rows and columns without a centre: 0
        whitening[: len(centres), : len(centres)] = (vectors * roots) @ vectors.T
        filled = np.zeros((num_centres, x.shape[1]))
        filled[: len(centres)] = centres
        self.centres.copy_(torch.from_numpy(filled))
        self.whitening.copy_(torch.from_numpy(whitening))
        self.gamma.fill_(gamma)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Kernel features (N, K) float32 of features (N, D)."""
        # a difference of large numbers: half precision would lose it
        with full_precision(features.device):
            features = features.float()
            squares = features.square().sum(dim=1, keepdim=True)
            products = features @ self.centres.T
            distances = squares - 2.0 * products + self.centres.square().sum(dim=1)
            kernel = torch.exp(-self.gamma * distances.clamp(min=0.0))
            return kernel @ self.whitening


def gaussian(x: np.ndarray, y: np.ndarray, *, gamma: float) -> np.ndarray:
    """The kernel (N, M) of rows x (N, D) and y (M, D)."""
    distances = np.square(x).sum(axis=1)[:, None] - 2.0 * x @ y.T + np.square(y).sum(axis=1)
    return np.exp(-gamma * np.maximum(distances, 0.0))
