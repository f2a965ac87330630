import sys

import pytest

from pipeline.console.requirements import say_pip, say_program
from pipeline.storage import PROJECT


def test_programs_are_those_of_the_interpreter_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "prefix", "/opt/python")
    monkeypatch.setattr(sys, "executable", "/opt/python/bin/python")
    assert say_pip() == "/opt/python/bin/python -m pip"
    assert say_program("ray") == "/opt/python/bin/ray"
    monkeypatch.setattr(sys, "prefix", str(PROJECT / ".venv"))
    assert (say_pip(), say_program("ray")) == (".venv/bin/pip", ".venv/bin/ray")
