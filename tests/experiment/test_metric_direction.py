from pathlib import Path

import pytest

from pipeline.experiment.metric_direction import is_higher_better, say_direction


def test_the_direction_of_an_own_metric_is_read_and_nothing_is_run(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text("raise RuntimeError('run')\nhigher_is_better = False\n")
    assert is_higher_better(f"{path}:score") is False
    path.write_text("if True:\n    higher_is_better = False\n")
    assert say_direction(f"{path}:score") == "nobody knows what"
    path.write_text("higher_is_better = (\n")
    assert is_higher_better(f"{path}:score") is None
    assert is_higher_better(f"{tmp_path}/gone.py:score") is None


@pytest.mark.parametrize(("name", "better"), [("macro_f1", "higher"), ("pinball@0.2", "lower")])
def test_the_direction_of_a_known_metric(name: str, better: str) -> None:
    assert say_direction(name) == better
