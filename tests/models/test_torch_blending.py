"""The blends in torch are those of ensembling, to rounding."""

import numpy as np
import pytest
import torch

from pipeline.ensembling import blending
from pipeline.labels.answers import combine_probs, marginal_probs
from pipeline.models import torch_blending as blends


def votes(num: int, classes: int) -> np.ndarray:
    raw = np.random.default_rng(num).random((num, 6, classes))
    return raw if classes == 1 else raw / raw.sum(axis=2, keepdims=True)


@pytest.mark.parametrize("num", [3, 4])
@pytest.mark.parametrize("classes", [1, 3])
def test_they_are_those_of_ensembling(num: int, classes: int) -> None:
    each = votes(num, classes)
    given = torch.from_numpy(each)
    geometric = blending.geometric_mean(list(each))
    np.testing.assert_allclose(blends.geometric(given).numpy(), geometric, atol=1e-9)
    np.testing.assert_allclose(blends.median(given), blending.median_values(list(each)), atol=1e-9)
    kind = "binary" if classes == 1 else "multiclass"
    plain = blending.hard_vote_scores if classes == 1 else blending.hard_vote
    hard = blends.hard_vote(given, kind, given.mean(dim=0))
    np.testing.assert_allclose(hard.numpy(), plain(list(each)), atol=1e-9)


def test_products_and_marginals() -> None:
    first, second = votes(2, 3)[0], votes(2, 2)[0]
    joint = blends.product([torch.from_numpy(first), torch.from_numpy(second)])
    np.testing.assert_allclose(joint, combine_probs([first, second]), atol=1e-12)
    for task in (0, 1):
        wanted = marginal_probs(joint.numpy(), sizes=[3, 2], task=task)
        np.testing.assert_allclose(blends.marginal(joint, [3, 2], task), wanted, atol=1e-12)
