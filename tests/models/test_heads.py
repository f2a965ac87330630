import math

import pytest
import torch

from pipeline.labels.tasks import Task
from pipeline.models.heads import HeadShape, build_head
from pipeline.models.losses import LOSSES, head_shape
from pipeline.models.network import to_probs
from pipeline.models.regression_losses import encode_distribution, encode_ordinal

AGE = Task("age", "regression", "age", low=10.0, high=80.0, scale=100.0)
YEARS = torch.tensor([10.0, 11.0, 26.4, 45.5, 79.0, 80.0], dtype=torch.float64)


def test_ordinal_encode_and_decode_round_trip() -> None:
    number = LOSSES["ordinal"].num_outputs(AGE)
    assert number == 70  # thresholds between 71 whole years
    steps = encode_ordinal(YEARS, low=10.0, high=80.0, num_steps=number)
    assert steps[1].tolist() == [1.0] + [0.0] * 69  # 11 is above 10 and nothing else
    certain = torch.logit(steps, eps=1e-12)
    found = to_probs(certain, task=AGE, loss="ordinal")[:, 0]
    torch.testing.assert_close(found, YEARS.float(), atol=1e-3, rtol=0)


def test_ordinal_decodes_by_sigmoids_from_low_to_high() -> None:
    assert to_probs(torch.full((1, 70), -99.0), task=AGE, loss="ordinal").item() == 10.0
    assert to_probs(torch.full((1, 70), 99.0), task=AGE, loss="ordinal").item() == 80.0
    assert to_probs(torch.zeros(1, 70), task=AGE, loss="ordinal").item() == 45.0


def test_distribution_encode_and_decode_round_trip() -> None:
    number = LOSSES["distribution"].num_outputs(AGE)
    assert number == 71
    inner = YEARS[2:4]
    shares = encode_distribution(inner, low=10.0, high=80.0, num_bins=number, sigma=2.0)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(2, dtype=torch.float64))
    found = to_probs(shares.log(), task=AGE, loss="distribution")[:, 0]
    torch.testing.assert_close(found, inner.float(), atol=1e-3, rtol=0)
    spread = (shares * (torch.linspace(10, 80, 71) - inner[:, None]) ** 2).sum(dim=1).sqrt()
    torch.testing.assert_close(
        spread, torch.full((2,), 2.0, dtype=torch.float64), atol=0.01, rtol=0
    )
    whole = YEARS[[0, 1, 4, 5]]  # at the ends only a narrow one is not cut off
    narrow = encode_distribution(whole, low=10.0, high=80.0, num_bins=number, sigma=0.3)
    found = to_probs(narrow.log(), task=AGE, loss="distribution")[:, 0]
    torch.testing.assert_close(found, whole.float(), atol=0.01, rtol=0)


@pytest.mark.parametrize("sigma", [1.0, 2.0, 4.0])
def test_a_distribution_has_its_label_for_mean_up_to_the_ends(sigma: float) -> None:
    """Cut off and not shifted, the mean for 0 years is 1.3 at sigma 2: the loss's two terms, the
    divergence and the error of the expectation, then want different answers for a baby."""
    years = torch.tensor([0.0, 1.0, 2.0, 5.0, 8.5, 50.0, 99.0, 100.0])
    wanted = encode_distribution(years, low=0.0, high=100.0, num_bins=101, sigma=sigma)
    torch.testing.assert_close(wanted @ torch.arange(101.0), years, atol=1e-4, rtol=0)
    plain = (-0.5 * ((torch.arange(101.0) - 50.0) / sigma) ** 2).softmax(dim=0)
    torch.testing.assert_close(wanted[5], plain, atol=1e-7, rtol=1e-5)


@pytest.mark.parametrize("loss", ["ordinal", "coral", "distribution"])
def test_training_with_it_finds_the_value_again(loss: str) -> None:
    values = YEARS.float()[2:5]
    logits = torch.zeros(3, LOSSES[loss].num_outputs(AGE), requires_grad=True)
    optimiser = torch.optim.Adam([logits], lr=0.3)
    for _ in range(300):
        optimiser.zero_grad()
        LOSSES[loss].compute(logits, values, low=10.0, high=80.0, sigma=1.0).sum().backward()
        optimiser.step()
    found = to_probs(logits.detach(), task=AGE, loss=loss)[:, 0]
    torch.testing.assert_close(found, values, atol=0.3, rtol=0)


def test_bins_cut_a_range_without_whole_steps() -> None:
    task = Task("occlusion", "regression", "occlusion", low=0.0, high=1.0)
    assert LOSSES["ordinal"].num_outputs(task, bins=21) == 20
    assert LOSSES["distribution"].num_outputs(task, bins=21) == 21
    steps = encode_ordinal(torch.tensor([0.33]), low=0.0, high=1.0, num_steps=20)
    found = to_probs(torch.logit(steps, eps=1e-6), task=task, loss="ordinal").item()
    assert found == pytest.approx(0.33, abs=1e-3)


def test_plain_forms_decode_by_kind() -> None:
    logits = torch.tensor([[0.5]])
    assert to_probs(logits, task=AGE).item() == to_probs(logits, task=AGE, loss="l1").item() == 50.0
    score = Task("smile", "binary", "smile", classes=("no", "yes"))
    assert to_probs(torch.zeros(1, 1), task=score, loss="bce").item() == 0.5
    classes = Task("mask", "multiclass", "mask", classes=("on", "off"))
    assert to_probs(torch.zeros(1, 2), task=classes, loss="focal").tolist() == [[0.5, 0.5]]


def test_a_cosine_head_gives_scaled_cosines() -> None:
    task = Task("mask", "multiclass", "mask", classes=("on", "off", "wrong"))
    shape = head_shape(task, loss="arcface", bins=None, scale=7.0)
    assert shape == HeadShape(3, cosine_scale=7.0)
    head, features = build_head(5, shape), torch.randn(4, 5)
    expected = 7.0 * torch.cosine_similarity(features[:, None], head.weight[None], dim=2)
    torch.testing.assert_close(head(features), expected)
    torch.testing.assert_close(head(100.0 * features), expected)
    assert sum(p.numel() for p in head.parameters()) == 15  # no bias


def coral_head(width: int) -> torch.nn.Module:
    """The head of three thresholds between 0 and 3, with weights that can be counted by hand."""
    task = Task("age", "regression", "age", low=0.0, high=3.0)
    shape = head_shape(task, loss="coral", bins=None, scale=30.0)
    assert shape == HeadShape(3, shared=True)
    head = build_head(width, shape)
    assert sum(p.numel() for p in head.parameters()) == width + 3  # one direction, three biases
    with torch.no_grad():
        head.weight.copy_(torch.arange(1.0, width + 1.0)[None])
        head.bias.copy_(torch.tensor([1.0, 0.0, -1.0]))
    return head


def test_coral_s_logits_loss_and_gradient_by_hand() -> None:
    head = coral_head(2)
    logits = head(torch.tensor([[0.5, -0.25]]))  # 0.5 * 1 - 0.25 * 2 = 0, so the biases alone
    assert logits.tolist() == [[1.0, 0.0, -1.0]]
    loss = LOSSES["coral"].compute(logits, torch.tensor([2.0]), low=0.0, high=3.0)
    # above the first two thresholds and not the third: -log s(1), -log s(0), -log(1 - s(-1))
    up, half = 1.0 / (1.0 + math.exp(-1.0)), 0.5
    assert loss.item() == pytest.approx(-(2.0 * math.log(up) + math.log(half)) / 3.0)
    loss.sum().backward()
    slopes = [(up - 1.0) / 3.0, (half - 1.0) / 3.0, (1.0 - up) / 3.0]  # of each logit
    torch.testing.assert_close(head.bias.grad, torch.tensor(slopes))
    shared = sum(slopes) * torch.tensor([[0.5, -0.25]])
    torch.testing.assert_close(head.weight.grad, shared)


def test_coral_decodes_what_it_encodes_and_its_chances_never_cross() -> None:
    task = Task("age", "regression", "age", low=0.0, high=3.0)
    values = torch.tensor([0.0, 1.0, 2.0, 3.0])
    steps = encode_ordinal(values, low=0.0, high=3.0, num_steps=3)
    found = to_probs(60.0 * (steps - 0.5), task=task, loss="coral")[:, 0]
    torch.testing.assert_close(found, values, atol=1e-6, rtol=0)
    logits = coral_head(4)(torch.randn(50, 4))
    assert bool((logits.diff(dim=1) < 0).all())


def test_coral_s_biases_learn_the_shares_above_each_threshold_in_order() -> None:
    """Theorem 1 of the paper: at the least loss the biases fall."""
    ages = torch.tensor([0.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0])
    head = coral_head(2)
    with torch.no_grad():
        head.bias.zero_(), head.weight.zero_()
    optimiser = torch.optim.Adam([head.bias], lr=0.1)
    for _ in range(400):
        optimiser.zero_grad()
        LOSSES["coral"].compute(head(torch.ones(8, 2)), ages, low=0.0, high=3.0).mean().backward()
        optimiser.step()
    shares = torch.tensor([7.0, 5.0, 2.0]) / 8.0
    torch.testing.assert_close(head.bias.detach().sigmoid(), shares, atol=1e-3, rtol=0)
