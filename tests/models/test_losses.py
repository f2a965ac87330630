import math

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional as F

from pipeline.labels.kinds import BATCH_LOSSES, GROUP_LOSSES, HEAD_FORMS
from pipeline.labels.tasks import Task
from pipeline.models.classification_losses import arcface, cross_entropy, focal, soft_f1
from pipeline.models.losses import (
    LOSSES,
    Criterion,
    balanced_bins,
    balanced_weights,
    positive_weights,
)

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


def test_losses_of_several_labels_are_means_over_those_that_are_known() -> None:
    logits = torch.tensor([[0.0, 2.0, 5.0], [1.0, -1.0, 0.0]])
    targets = torch.tensor([[1.0, 0.0, math.nan], [math.nan, math.nan, math.nan]])
    losses = [math.log(2), math.log(1 + math.e**2)]
    found = LOSSES["bce"].compute(logits, targets)
    assert found.tolist() == pytest.approx([sum(losses) / 2, 0.0], rel=1e-5)
    options = {
        "weights": torch.tensor([3.0, 0.5, 1.0]),
        "positive_weights": torch.tensor([2.0, 7.0, 1.0]),
    }
    found = LOSSES["bce"].compute(logits, targets, **options)
    assert found[0].item() == pytest.approx((6 * losses[0] + losses[1] / 2) / 2, rel=1e-5)
    # asymmetric: a true label's (1 - p)^1 log p; an absent one's (p - 0.05)^4 log(1 - p + 0.05)
    p = 1 / (1 + math.exp(-2.0))
    absent = (p - 0.05) ** 4 * -math.log(1 - p + 0.05)
    found = LOSSES["asymmetric"].compute(logits, targets)
    assert found.tolist() == pytest.approx([(0.5 * math.log(2) + absent) / 2, 0.0], rel=1e-4)


def test_labels_that_no_image_of_a_batch_has_leave_the_gradient_at_zero() -> None:
    task = Task("t", "multilabel", "t", classes=("a", "b"))
    criterion = Criterion(task=task, loss="bce", partly_labelled=True)
    logits = torch.zeros(2, 2, requires_grad=True)
    criterion.compute(logits, torch.tensor([[1.0, math.nan], [math.nan, math.nan]])).backward()
    assert logits.grad.tolist() == [[-0.5, 0.0], [0.0, 0.0]]  # the image without labels is left out


def test_balanced_weights_of_labels_say_how_much_rarer_they_are() -> None:
    labels = np.array([[1.0, 0.0, np.nan], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 1.0, 1.0]])
    assert positive_weights(labels) == (3.0, 3.0, 1.0)  # the third is never seen absent


def test_a_number_is_learnt_in_its_scale() -> None:
    task = Task("age", "regression", "age", scale=100.0)
    criterion = Criterion(task=task, loss="l1")
    assert criterion.compute(torch.tensor([[0.5]]), torch.tensor([30.0])).item() == pytest.approx(
        0.2
    )


# timm computes the asymmetric loss in float32, too coarse for finite differences
@pytest.mark.parametrize("name", sorted(set(LOSSES) - {"asymmetric"}))
def test_gradients_are_those_of_finite_differences(name: str) -> None:
    loss = LOSSES[name]
    generator = torch.Generator().manual_seed(1)
    logits, options = LOGITS, {}
    if loss.kinds == ("multiclass",):
        targets = F.one_hot(TARGETS, 3).double()  # soft targets keep float64 through
    else:
        targets = torch.rand(8, dtype=torch.float64, generator=generator)
    if loss.form is None and "multiclass" not in loss.kinds:
        logits = logits[:, :1]
    if loss.form == "cosine":
        logits = 3.0 * logits.tanh()
        options = {"scale": 3.0, "margin": 0.5}
    if "group" in loss.options:
        options = {"group": torch.arange(8) / 7.0}
    if loss.form == "distribution":
        options = {"sigma": 0.3}
    logits = logits.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss.compute(x, targets, **options), (logits,))
    value = loss.compute(logits, targets, **options)
    assert value.shape == (() if loss.whole_batch else (8,))


def test_the_words_in_kinds_are_the_registry_s() -> None:
    assert {name: loss.form for name, loss in LOSSES.items() if loss.form} == HEAD_FORMS
    assert {name for name, loss in LOSSES.items() if loss.whole_batch} == set(BATCH_LOSSES)
    assert {name for name, loss in LOSSES.items() if "group" in loss.options} == set(GROUP_LOSSES)


def test_soft_f1_by_hand_and_of_certain_answers_scikit_learn_s() -> None:
    # p = 0.8, 0.6 for their own classes: F1 = 2 * 0.8 / (1.2 + 1), 2 * 0.6 / (0.8 + 1)
    logits = torch.log(torch.tensor([[0.8, 0.2, 0.0001], [0.4, 0.6, 0.0001]]))
    found = soft_f1(logits, torch.tensor([0, 1])).item()  # the third class is not in the batch
    assert found == pytest.approx(1.0 - (1.6 / 2.2 + 1.2 / 1.8) / 2.0, abs=1e-3)
    answers = torch.tensor([0, 1, 1, 0, 2, 2, 0, 1])
    certain = soft_f1(100.0 * F.one_hot(answers, 3), TARGETS).item()
    assert certain == pytest.approx(1.0 - f1_score(TARGETS, answers, average="macro"), abs=1e-6)


def test_soft_f1_of_a_class_that_nobody_has_and_nobody_sees() -> None:
    logits = torch.tensor([[200.0, -200.0, -200.0], [-200.0, 200.0, -200.0]], requires_grad=True)
    loss = soft_f1(logits, torch.tensor([0, 1]))
    loss.backward()
    assert loss.item() == 0.0
    assert torch.isfinite(logits.grad).all()


def test_arcface_by_hand() -> None:
    # cosines 0.5 (a sixth of a turn) and 0; the margin turns the true class's angle by 0.3
    logits = 10.0 * torch.tensor([[0.5, 0.0]], dtype=torch.float64)
    found = arcface(logits, torch.tensor([0]), margin=0.3, scale=10.0).item()
    true = 10.0 * math.cos(math.pi / 3 + 0.3)
    assert found == pytest.approx(-math.log(math.exp(true) / (math.exp(true) + 1.0)))
    plain = arcface(logits, torch.tensor([0]), margin=0.0, scale=10.0)
    torch.testing.assert_close(plain, cross_entropy(logits, torch.tensor([0])))
    nearly_opposite = torch.tensor([[-0.999, 0.0], [-0.99, 0.0]], dtype=torch.float64)
    far, near = arcface(10.0 * nearly_opposite, torch.tensor([0, 0]), margin=0.5, scale=10.0)
    assert far > near  # the margin carries both past the half turn, and it still grows


def test_weighted_mse_by_hand() -> None:
    task = Task("occlusion", "regression", "occlusion", low=0.0, high=1.0)
    logits, targets = torch.tensor([[0.1], [0.5]]), torch.tensor([0.0, 1.0])
    w0, w1 = 1 / 30, 1 / 30 + 1
    expected = (w0 * 0.1**2 + w1 * 0.5**2) / (w0 + w1)
    found = Criterion(task, "weighted_mse").compute(logits, targets)
    assert found.item() == pytest.approx(expected)


def test_occlusion_gap_by_hand_and_with_one_group_only() -> None:
    task = Task("occlusion", "regression", "occlusion", low=0.0, high=1.0, group="gender")
    logits, targets = torch.tensor([[0.1], [0.5], [0.3]]), torch.tensor([0.0, 1.0, 0.2])
    criterion = Criterion(task, "occlusion_gap")
    female = ((1 / 30) * 0.01 + (1 / 30 + 1) * 0.25) / (2 / 30 + 1)
    male = 0.01
    found = criterion.compute(logits, targets, group=torch.tensor([0.0, 0.4, 0.5])).item()
    assert found == pytest.approx((female + male) / 2 + abs(female - male))
    alone = criterion.compute(logits[:2], targets[:2], group=torch.zeros(2)).item()
    assert alone == pytest.approx(female)


def test_huber_by_hand() -> None:
    logits, targets = torch.tensor([[0.3], [0.9]]), torch.tensor([20.0, 40.0])
    # in units of 100 years with delta 20 years: 0.5 * 0.1^2, and 0.2 * (0.5 - 0.1)
    found = LOSSES["huber"].compute(logits, targets, unit=100.0, delta=20.0)
    assert found.tolist() == pytest.approx([0.005, 0.08])


def test_a_mixture_is_the_weighted_sum() -> None:
    task = Task("age", "regression", "age", scale=10.0)
    logits, targets = torch.tensor([[0.5], [3.0]]), torch.tensor([10.0, 20.0])
    found = Criterion(task, {"mse": 0.5, "l1": 2.0}).compute(logits, targets).item()
    assert found == pytest.approx(0.5 * (0.25 + 1.0) / 2 + 2.0 * (0.5 + 1.0) / 2)


def test_rare_bins_weigh_more() -> None:
    targets = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.9, 1.0], dtype=np.float32)
    weights = balanced_bins(targets, num_bins=2, power=1.0)
    picked = weights.pick(torch.from_numpy(targets))
    assert picked.tolist() == pytest.approx([0.7] * 5 + [1.75] * 2)  # 7/2/5 and 7/2/2
    root = balanced_bins(targets, num_bins=2, power=0.5).pick(torch.from_numpy(targets))
    assert (root[-1] / root[0]).item() == pytest.approx(math.sqrt(2.5))
    assert root.mean().item() == pytest.approx(1.0)
    task = Task("occlusion", "regression", "occlusion")
    criterion = Criterion(task, "l1", bin_weights=weights)
    found = criterion.compute(torch.zeros(2, 1), torch.tensor([0.4, 1.0]))
    assert found.item() == pytest.approx((0.7 * 0.4 + 1.75 * 1.0) / 2)


def test_balanced_weights_are_scikit_learn_s() -> None:
    codes = np.array([0, 0, 0, 1, 2, 2])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=codes)
    assert balanced_weights(codes, num_classes=3) == pytest.approx(expected)
    assert balanced_weights(codes, num_classes=4)[3] == 0.0


@pytest.mark.parametrize(
    ("name", "kind", "targets"),
    [
        ("cross_entropy", "multiclass", [0, -1, 2, -1, 1, 0]),
        ("soft_f1", "multiclass", [0, -1, 2, -1, 1, 0]),
        ("bce", "binary", [0.0, math.nan, 1.0, math.nan, 1.0, 0.0]),
        ("l1", "regression", [3.0, math.nan, 5.0, math.nan, 1.0, 0.0]),
        ("weighted_mse", "regression", [3.0, math.nan, 5.0, math.nan, 1.0, 0.0]),
    ],
)
def test_a_sample_without_a_label_does_not_count(name: str, kind: str, targets: list) -> None:
    """The loss and its gradient are those of the batch without these samples, in pieces too."""
    task = Task("t", kind, "t", classes=("a", "b", "c") if kind == "multiclass" else ())
    criterion = Criterion(task, name, partly_labelled=True)
    width = 3 if kind == "multiclass" else 1
    logits = torch.randn(6, width, generator=torch.Generator().manual_seed(0), requires_grad=True)
    truth, known = torch.tensor(targets), torch.tensor([0, 2, 4, 5])
    loss = criterion.compute(logits, truth)
    wanted = Criterion(task, name).compute(logits[known], truth[known])
    assert loss.item() == wanted.item()
    loss.backward()
    assert torch.isfinite(logits.grad).all()
    assert (logits.grad[[1, 3]] == 0).all() and logits.grad[0].abs().sum() > 0
    if name != "soft_f1":  # which judges each piece by itself
        pieces = [slice(0, 3), slice(3, 4), slice(4, 6)]
        parts = [criterion.compute(logits[one], truth[one], whole=truth) for one in pieces]
        torch.testing.assert_close(sum(parts), wanted)
    nothing = criterion.compute(logits[[1, 3]], truth[[1, 3]])
    assert nothing.item() == 0.0 and nothing.requires_grad
