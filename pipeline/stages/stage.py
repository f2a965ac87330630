"""What is known of a stage before its module is imported."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from pipeline.experiment.work import Work

GROUPS = {
    "main": "The main job, in this order",
    "before": "Before a long training",
    "after": "After it, with the models that are there",
    "show": "To show and to hand on",
    "check": "To check the machine and what was handed in",
}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A step of the work: the stages it needs, those that follow it, and what it does in words.

    `done` says whether nothing is left to do for a run; a stage without it always runs, because it
    looks or asks. `arguments` shows the words that may follow the stage on the command line, and
    `options` are its own key=value words; a stage that takes words comes last. A stage that works
    `by_words` needs nothing of the config when words are given, and one that is given an option of
    `alone_with` needs and brings no other stage. `settings` are the parts of the settings that it
    reads, `example` is a command to try, `leads_to` are the stages that one mostly asks for next,
    and `group` is a key of GROUPS. One that `says_next` ends with its own command to type. One with
    `own_settings` makes others of the config, and compares those with what the folder holds.
    """

    name: str
    summary: str
    group: str
    needs: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    done: Callable[[Work], bool] | None = None
    arguments: str = ""
    options: tuple[str, ...] = ()
    by_words: bool = False
    alone_with: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    example: str = ""
    leads_to: str = ""
    says_next: bool = False
    own_settings: bool = False

    @property
    def repeats(self) -> bool:
        """Whether the stage runs each time it is asked for."""
        return self.done is None

    @property
    def module(self) -> ModuleType:
        """The file of the stage, imported only now: some import torch."""
        return import_module(f"pipeline.stages.{self.name}")
