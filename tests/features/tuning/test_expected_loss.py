"""The closed forms against the losses themselves, with all logits at zero."""

import numpy as np
import pytest
import torch

from pipeline.features.tuning.expected_loss import constant_loss, expected_loss
from pipeline.labels.tasks import Task
from pipeline.models.losses import Criterion

AGES = np.array([18.0, 25.0, 31.0, 44.0, 70.0], dtype=np.float32)


@pytest.mark.parametrize(
    ("loss", "task", "targets"),
    [
        ("cross_entropy", Task("t", "multiclass", "t", classes=tuple("abcde")), np.arange(5)),
        ("focal", Task("t", "multiclass", "t", classes=tuple("abcde")), np.arange(5)),
        ("bce", Task("t", "binary", "t", classes=("no", "yes")), np.ones(5, dtype=np.float32)),
        ("mse", Task("t", "regression", "t", scale=100.0), AGES),
        ("l1", Task("t", "regression", "t", scale=100.0), AGES),
    ],
)
def test_expected_loss_is_the_loss_of_zero_logits(loss: str, task: Task, targets) -> None:
    blank = torch.zeros(5, max(1, task.num_columns))
    found = Criterion(task=task, loss=loss, gamma=2.0).compute(blank, torch.from_numpy(targets))
    value, formula = expected_loss(
        loss, targets, num_classes=len(task.classes), gamma=2.0, scale=task.scale
    )
    assert value == pytest.approx(found.item(), rel=1e-5)
    assert formula


def test_the_best_constant_is_the_mean_or_the_median() -> None:
    grid = np.linspace(0.0, 1.0, 2001)
    scaled = AGES / 100.0
    squared = min(np.mean((scaled - c) ** 2) for c in grid)
    absolute = min(np.mean(np.abs(scaled - c)) for c in grid)
    assert constant_loss("mse", AGES, scale=100.0) == pytest.approx(squared, abs=1e-6)
    assert constant_loss("l1", AGES, scale=100.0) == pytest.approx(absolute, abs=1e-3)
    assert expected_loss("arcface", AGES, num_classes=2, gamma=0.0, scale=1.0) is None
