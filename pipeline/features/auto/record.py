"""What auto has tried so far and what it decided: a file that every step rewrites as a whole."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from pipeline.metrics.paired import Difference
from pipeline.storage import display_path, read_json, write_json

FLAWLESS = "out of fold every answer is right, so nothing can be seen to be better"
Decision = Literal["kept", "dropped", "postponed", "failed"]


@dataclass
class Try:
    """One candidate that was tried.

    `score` with its interval is the ensemble's after this decision, by the contest's metric, out of
    fold. `gain` with its interval is what the candidate adds to the ensemble before it, above 0 is
    better, on the same images drawn by people; on `folds` of them.
    """

    name: str
    decision: Decision
    why: str
    folds: list[int]
    seconds: float  # that the try took
    planned: float  # seconds that were forecast for it
    at: float  # seconds of the budget used when it was decided
    score: float | None = None
    low: float | None = None
    high: float | None = None
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None


def decide(
    name: str, decision: Decision, why: str, *, folds: list[int], gain: Difference | None = None
) -> Try:
    """A try that was decided; what it took and its score are filled in later."""
    one = Try(name, decision, why, folds, seconds=0.0, planned=0.0, at=0.0)
    if gain is not None:
        one.gain, one.gain_low, one.gain_high = gain.value, gain.low, gain.high
    return one


@dataclass
class Record:
    """All tries, in their order, and what is known of the others."""

    metric: str  # of the score; of several answers the first one's, with its name
    num_answers: int = 1  # where there are several, gains are their mean relative gain
    tries: list[Try] = field(default_factory=list)
    spent: float = 0.0  # seconds worked, of all commands
    operations: dict[str, float] = field(default_factory=dict)  # of each candidate's whole work
    costs: dict[str, dict] = field(default_factory=dict)  # a Cost of each that was probed
    publish_seconds: float = 0.0  # the most that an ensemble's scores and its file took
    infer_seconds: float = 0.0  # that answering took with all that was kept, test images and folds
    curve: dict | None = None  # a LearningCurve of the baseline over people
    ended: str = ""  # why the search ended, once it has

    @property
    def kept(self) -> list[str]:
        """The names of the candidates that were kept, in the order of their tries."""
        return [one.name for one in self.tries if one.decision == "kept"]

    @property
    def tried(self) -> set[str]:
        """The names of all candidates that were tried."""
        return {one.name for one in self.tries}

    def write(self, path: Path) -> None:
        """Writes the record as JSON, as a whole."""
        write_json(path, asdict(self))


def read_record(path: Path, *, metric: str, num_answers: int) -> Record:
    """The stored record, or a new one. Raises ValueError for one of another version."""
    if not path.exists():
        return Record(metric=metric, num_answers=num_answers)
    raw = read_json(path)
    try:
        return Record(**{**raw, "tries": [Try(**one) for one in raw["tries"]]})
    except TypeError:  # fields came or went
        raise ValueError(
            f"{display_path(path)} was written by another version of this project; remove it, and "
            "auto decides again: what was trained is found"
        ) from None


def check_tried(record: Record, path: Path, *, choices: Collection[str]) -> None:
    """Raises ValueError where something was tried that is no choice any more."""
    gone = sorted(record.tried - set(choices))
    if gone:
        raise ValueError(
            f"auto: {', '.join(gone)} of {display_path(path)} can't be found among the candidates "
            "and the config's members; put back what was there, or remove the file, and auto "
            "decides again"
        )
