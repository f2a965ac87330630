import math

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional as F

from pipeline.labels.tasks import Task
from pipeline.learning.losses import LOSSES, Criterion, balanced_weights, cross_entropy, focal

LOGITS = torch.randn(8, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
TARGETS = torch.tensor([0, 1, 2, 0, 1, 2, 0, 0])
WEIGHTS = torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)


def test_cross_entropy_is_torch_s() -> None:
    for smoothing in (0.0, 0.1):
        found = cross_entropy(LOGITS, TARGETS, smoothing=smoothing)
        expected = F.cross_entropy(LOGITS, TARGETS, reduction="none", label_smoothing=smoothing)
        torch.testing.assert_close(found, expected, check_dtype=False)
    weighted = cross_entropy(LOGITS.float(), TARGETS, weights=WEIGHTS.float())
    expected = F.cross_entropy(LOGITS.float(), TARGETS, weight=WEIGHTS.float(), reduction="none")
    torch.testing.assert_close(weighted, expected)


def test_focal_by_hand() -> None:
    # two classes, p = 0.8 for the true one, gamma 2: 0.2^2 * -ln 0.8
    logits = torch.log(torch.tensor([[0.8, 0.2]]))
    found = focal(logits, torch.tensor([0]), gamma=2.0).item()
    assert found == pytest.approx(0.04 * -math.log(0.8), rel=1e-5)
    torch.testing.assert_close(
        focal(LOGITS, TARGETS, gamma=0.0), cross_entropy(LOGITS, TARGETS), check_dtype=False
    )


def test_bce_mse_and_l1_by_hand() -> None:
    logit = torch.tensor([[0.0], [2.0]])
    found = LOSSES["bce"].compute(logit, torch.tensor([1.0, 0.0]))
    assert found.tolist() == pytest.approx([math.log(2), math.log(1 + math.e**2)], rel=1e-5)
    assert LOSSES["mse"].compute(logit, torch.tensor([1.0, 0.5])).tolist() == [1.0, 2.25]
    assert LOSSES["l1"].compute(logit, torch.tensor([1.0, 0.5])).tolist() == [1.0, 1.5]


def test_a_number_is_learnt_in_its_scale() -> None:
    task = Task("age", "number", "age", scale=100.0)
    criterion = Criterion(task=task, loss="l1")
    assert criterion.compute(torch.tensor([[0.5]]), torch.tensor([30.0])).item() == pytest.approx(
        0.2
    )


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    loss = LOSSES[name]
    width = 3 if "classes" in loss.kinds else 1
    targets = TARGETS if width == 3 else torch.rand(8, dtype=torch.float64)
    logits = LOGITS[:, :width].clone().requires_grad_()
    if width == 3:  # soft targets keep float64 through
        targets = F.one_hot(targets, 3).double()
    assert torch.autograd.gradcheck(lambda x: loss.compute(x, targets).sum(), (logits,))


def test_balanced_weights_are_scikit_learn_s() -> None:
    codes = np.array([0, 0, 0, 1, 2, 2])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=codes)
    assert balanced_weights(codes, num_classes=3) == pytest.approx(expected)
    assert balanced_weights(codes, num_classes=4)[3] == 0.0
