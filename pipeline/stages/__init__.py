"""The stages: what each needs and makes. Only a stage touches disk, device and clock.

A stage's module has `run(work)` and, where it can fail on what the user asked for, `check(work)`,
which costs seconds at most and is called before any stage starts. `progress` knows what is done.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType

from pipeline.config import Experiment
from pipeline.runs import Runs


@dataclass(frozen=True)
class Work:
    """What a stage is called with: the settings, where things live, and the command as typed."""

    settings: Experiment
    runs: Runs
    command: list[str]
    words: tuple[str, ...] = ()  # what the stage takes beside settings: files, names
    options: dict[str, str] = field(default_factory=dict)  # its own key=value words


@dataclass(frozen=True)
class Stage:
    """A step of the work: the stages it needs, those that follow it, and what it does in words.

    `takes` shows the words that may follow it on the command line and `options` its own key=value
    words; a stage that takes words comes last. One that `repeats` is never done: it looks, or asks.
    """

    name: str
    needs: tuple[str, ...]
    then: tuple[str, ...]
    says: str
    takes: str = ""
    options: tuple[str, ...] = ()
    repeats: bool = False

    @property
    def module(self) -> ModuleType:
        return import_module(f"pipeline.stages.{self.name}")


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage(
            "draw", (), (), "draws the sample contest's people (only for configs that are drawn)"
        ),
        Stage("index", ("draw",), (), "reads the label tables: one row a picture, with a status"),
        Stage("crop", ("index",), (), "finds the main face (MTCNN) and stores the crops"),
        Stage(
            "split", ("crop",), (), "k folds by person, balanced on several labels, with the proof"
        ),
        Stage("explore", ("crop",), (), "what is in the data: figures, example sheets, a summary"),
        Stage(
            "tune", ("crop", "split"), (), "six habits before the long run, and a study over ranges"
        ),
        Stage("train", ("crop", "split"), ("evaluate",), "trains every member on every fold"),
        Stage("evaluate", ("train",), (), "out-of-fold scores with intervals over people"),
        Stage("infer", ("train",), ("ensemble",), "predicts test pictures: all folds, all views"),
        Stage("ensemble", ("infer",), (), "blends the members and writes the submission CSV"),
        Stage("transfer", ("crop", "split"), (), "another experiment's weights on this contest"),
    )
}


def plan_stages(asked: Iterable[str]) -> list[str]:
    """All stages that the asked ones need or bring, in the order in which they run."""
    wanted: set[str] = set()

    def add(name: str) -> None:
        if name not in wanted:
            wanted.add(name)
            for other in (*STAGES[name].needs, *STAGES[name].then):
                add(other)

    for name in asked:
        add(name)
    return [name for name in STAGES if name in wanted]
