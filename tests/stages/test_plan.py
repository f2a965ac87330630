import pytest

from pipeline.stages import STAGES, plan_stages


def test_a_stage_brings_what_it_needs_and_what_follows_it() -> None:
    assert plan_stages(["crop"]) == ["draw", "index", "crop"]
    assert plan_stages(["train"]) == ["draw", "index", "crop", "split", "train", "evaluate"]
    whole = ["draw", "index", "crop", "split", "train", "evaluate", "infer", "ensemble"]
    assert plan_stages(["crop", "train", "infer"]) == whole
    assert plan_stages(["stack"]) == [*whole[:6], "infer", "ensemble", "stack"]
    assert plan_stages(["infer"])[-2:] == ["infer", "ensemble"]


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_can_be_run_and_comes_after_what_it_needs(name: str) -> None:
    assert callable(STAGES[name].module.run)
    order = list(STAGES)
    assert all(order.index(need) < order.index(name) for need in STAGES[name].needs)
    assert all(order.index(after) > order.index(name) for after in STAGES[name].then)
