"""A guess: what was taken, and why."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class Guess(Generic[Value]):
    """A value for the config and the reason for it, which is written beside it as a comment."""

    value: Value
    why: str = ""
    is_sure: bool = True  # False: nothing in the folder says so, and a user should look at it
