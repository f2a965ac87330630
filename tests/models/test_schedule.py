import pytest
import torch

from pipeline.models.schedule import Schedule, count_plateaus, epochs_since_best, lr_factor


def factors(schedule: Schedule, *, epochs: int, steps: int) -> list[float]:
    return [
        lr_factor(schedule, step=step, steps_per_epoch=steps, num_epochs=epochs)
        for step in range(epochs * steps)
    ]


def torch_factors(make, *, epochs: int) -> list[float]:
    """What torch's own schedulers give, stepped once a step."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler, found = make(optimiser), []
    for _ in range(epochs):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return found


def test_cosine_is_torch_s() -> None:
    expected = torch_factors(
        lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 12, eta_min=0.1), epochs=12
    )
    found = factors(Schedule(name="cosine", floor=0.1), epochs=3, steps=4)
    assert found == pytest.approx(expected)


def test_step_is_torch_s() -> None:
    expected = torch_factors(lambda o: torch.optim.lr_scheduler.StepLR(o, 5, 0.7), epochs=12)
    found = factors(Schedule(name="step", every_epochs=5, factor=0.7), epochs=12, steps=1)
    assert found == pytest.approx(expected)


def test_warm_up_rises_to_one_and_the_cosine_goes_on_from_there() -> None:
    found = factors(Schedule(name="cosine", warmup_epochs=1), epochs=5, steps=4)
    assert found[:5] == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0])
    assert found[5:] == sorted(found[5:], reverse=True)
    assert 0 < found[-1] < 0.05


def test_plateau_counts_patience_anew_each_time() -> None:
    scores = [0.5, 0.6, 0.6, 0.6, 0.5, 0.5, 0.7]
    assert count_plateaus(scores, patience=2) == 2
    schedule = Schedule(name="plateau", factor=0.1, patience=2)
    factor = lr_factor(schedule, step=70, steps_per_epoch=10, num_epochs=9, scores=scores)
    assert factor == pytest.approx(0.01)


def test_epochs_since_best_counts_from_the_first_best() -> None:
    assert epochs_since_best([0.1, 0.3, 0.2, 0.3]) == 2
    assert epochs_since_best([0.1, 0.3]) == 0
