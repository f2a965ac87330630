from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
import torch

from pipeline.config import Experiment, load_experiment
from pipeline.experiment.build import head_losses, head_shapes, make_criteria, make_sampler
from pipeline.experiment.targets import balance_codes, training_targets
from pipeline.experiment.tasks import member_tasks, targets_of
from pipeline.storage import PROJECT

IMAGES = pd.DataFrame(
    {
        "image_id": list("abcdef"),
        "person_id": list("ppqqrs"),
        "mask": ["worn", "none", "incorrect", "worn", "worn", "worn"],
        "gender": ["male", "female", "male", "female", "male", "male"],
        "age": ["20", "31", "64", "59", "29", "30"],
        "race": [0.1, 0.9, 0.5, 0.2, 0.7, 0.3],
    }
)


def load(*words: str) -> Experiment:
    return load_experiment("sample", list(words), configs=PROJECT / "configs")


def numbers(
    *words: str, task: str = "{kind: regression, low: 0, high: 99, group: race}"
) -> Experiment:
    """The sample contest with age as a number, learnt by the member `age`."""
    alone = "competition.answer={tasks: [mask]}"
    return load(f"competition.tasks.age={task}", alone, *words)


def drawn(settings: Experiment, member: str) -> Sequence[int]:
    sampler = make_sampler(settings, settings.members[member], IMAGES, seed=3)
    found = []
    for sampler.epoch in range(300):
        found += [i for batch in sampler for i, _ in batch]
    return found


def test_the_answer_s_targets_are_the_product_of_its_tasks() -> None:
    settings = load("members.mask.tasks={answer: {class_weights: balanced}}")
    member = settings.members["mask"]
    (task,) = member_tasks(settings, member)
    expected = [0 * 6 + 0 + 0, 2 * 6 + 3 + 1, 6 + 0 + 2, 3 + 1, 0, 1]
    assert targets_of([task], IMAGES)["answer"].tolist() == expected
    assert training_targets(member, [task], IMAGES)["answer"].tolist() == expected
    assert task.columns[16] == "answer.none/female/30-60"
    assert head_shapes(member, [task])["answer"].num_outputs == 18
    (criterion,) = make_criteria(member, [task], IMAGES)
    assert criterion.class_weights[0] == pytest.approx(6 / (5 * 2))
    assert np.count_nonzero(criterion.class_weights) == 5


def test_a_loss_that_needs_the_group_gets_it_beside_the_task() -> None:
    settings = numbers("members.age.tasks.age={loss: {l1: 1, occlusion_gap: 2}}")
    member = settings.members["age"]
    tasks = member_tasks(settings, member)
    targets = training_targets(member, tasks, IMAGES)
    assert targets["age"].tolist() == [20.0, 31.0, 64.0, 59.0, 29.0, 30.0]
    assert targets["age@group"].tolist() == pytest.approx(IMAGES["race"].tolist())
    (criterion,) = make_criteria(member, tasks, IMAGES)
    logits = torch.zeros(6, 1)
    plain = criterion.compute(
        logits, torch.from_numpy(targets["age"]), group=torch.from_numpy(targets["age@group"])
    )
    weights, squares = 1 / 30 + targets["age"], targets["age"] ** 2
    male = IMAGES["race"].to_numpy() >= 0.5
    err = [np.average(squares[part], weights=weights[part]) for part in (~male, male)]
    gap = sum(err) / 2 + abs(err[0] - err[1])
    assert plain.item() == pytest.approx(targets["age"].mean() + 2 * gap, rel=1e-5)


def test_the_loss_says_the_head_s_width() -> None:
    settings = numbers("members.age.tasks.age={loss: distribution}")
    tasks = member_tasks(settings, settings.members["age"])
    assert head_losses(settings.members["age"], tasks) == {"age": "distribution"}
    assert head_shapes(settings.members["age"], tasks)["age"].num_outputs == 100


def test_balanced_draws_by_task_by_column_and_by_bins() -> None:
    settings = load("members.mask.sampler=balanced")  # its only task
    found = np.bincount(drawn(settings, "mask"), minlength=6) / 1800
    assert found == pytest.approx([1 / 12, 1 / 3, 1 / 3, 1 / 12, 1 / 12, 1 / 12], abs=0.03)
    settings = load("members.mask.sampler=balanced", "members.mask.balance_on=person_id")
    found = np.bincount(drawn(settings, "mask"), minlength=6) / 1800
    assert found == pytest.approx([1 / 8, 1 / 8, 1 / 8, 1 / 8, 1 / 4, 1 / 4], abs=0.03)
    bins = ["members.age.sampler=balanced", "members.age.balance_bins=2"]
    settings = numbers("members.age.tasks.age={loss: l1}", *bins)
    codes = balance_codes(settings, settings.members["age"], IMAGES)
    assert codes.tolist() == [0, 0, 1, 1, 0, 0]  # cut at 42, between 20 and 64


def test_balancing_on_what_is_not_there_says_what_is() -> None:
    settings = load("members.mask.sampler=balanced", "members.mask.balance_on=height")
    with pytest.raises(ValueError, match="no task or column 'height'; there are mask, gender, age"):
        balance_codes(settings, settings.members["mask"], IMAGES)
