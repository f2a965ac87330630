"""Classes that are cut from a number, learnt as the number itself."""

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.labels.tasks import Task, encode
from pipeline.models.losses import LOSSES
from pipeline.models.regression_losses import encode_distribution, encode_ordinal

AGE = Task("age", "multiclass", "age", ("<30", "30-60", ">=60"), (30, 60), low=0.0, high=100.0)
YEARS = torch.tensor([0.0, 29.0, 30.0, 59.0, 60.0, 100.0])


def _sure(name: str) -> torch.Tensor:
    """Logits that put nearly all they have on YEARS."""
    if name == "ordinal":
        return 60.0 * (encode_ordinal(YEARS, low=0.0, high=100.0, num_steps=100) - 0.5)
    return encode_distribution(YEARS, low=0.0, high=100.0, num_bins=101, sigma=0.1).log().clamp(-90)


@pytest.mark.parametrize("name", ["ordinal", "distribution"])
def test_a_sure_year_falls_in_the_class_that_the_contest_gives_it(name: str) -> None:
    probs = LOSSES[name].decode(_sure(name), AGE)
    values, ids = pd.Series(YEARS.numpy()), pd.Series(list("abcdef"))
    assert probs.argmax(dim=1).tolist() == encode(AGE, values, image_ids=ids).tolist()
    assert bool((probs >= 0).all())
    np.testing.assert_allclose(probs.sum(dim=1).numpy(), 1.0, atol=1e-5)


def test_equal_chances_of_all_years_are_shared_by_width() -> None:
    probs = LOSSES["distribution"].decode(torch.zeros(1, 101), AGE)[0]
    np.testing.assert_allclose(probs.numpy(), [30 / 101, 30 / 101, 41 / 101], atol=1e-6)


def test_chances_above_a_threshold_never_rise() -> None:
    logits = torch.randn(50, 100, generator=torch.Generator().manual_seed(0))
    assert bool((LOSSES["ordinal"].decode(logits, AGE) >= 0).all())
