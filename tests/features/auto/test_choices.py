"""Who is tried on a contest: the list and the config's own members, one of a kind."""

import pandas as pd

from pipeline.config import load_experiment
from pipeline.config.candidates import read_candidates
from pipeline.features.auto.choices import make_choices
from pipeline.storage import PROJECT

LISTED = read_candidates(PROJECT / "configs/auto/candidates.yaml")
LABELLED = pd.DataFrame({"age": [20.0, 70.0]})


def test_a_member_of_the_config_takes_the_place_of_a_listed_one_of_its_kind() -> None:
    """masks-lite has a ridge and three networks at 160 px; the list has the same four."""
    settings = load_experiment("masks-lite", [], configs=PROJECT / "configs")
    found = make_choices(LISTED, settings, LABELLED, machine="cpu")
    assert next(iter(found)) == "ridge_lite0", "the baseline learns every task"
    assert "blocks" not in found, "two ridges on the same features would have two votes"
    assert {"joint", "years", "years_lite2"} <= set(found)
    assert not {"joint_160", "years_160", "years_160_lite2"} & set(found)
    assert found["joint_112"].quick_form_of == "joint"
    assert found["years_112"].quick_form_of == "years"
    again = make_choices(LISTED, settings, LABELLED, machine="cpu", tried=["joint_160", "blocks"])
    assert {"joint_160", "blocks"} <= set(again), "who was tried stays"


def test_one_network_a_task_is_none_of_several_heads() -> None:
    settings = load_experiment("sample", [], configs=PROJECT / "configs")
    found = make_choices(LISTED, settings, LABELLED, machine="cpu")
    assert {"mask", "gender", "age", "joint_112", "joint_160"} <= set(found)
    assert found["joint_112"].quick_form_of == "joint_160"
