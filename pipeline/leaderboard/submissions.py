"""Answer files by name, and read back to what they answer; shared by ledger, diff and submit."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import Experiment, load_settings
from pipeline.config.types import nearest
from pipeline.experiment.blend import answer_spaces
from pipeline.experiment.work import Work
from pipeline.labels.layouts import read_csv
from pipeline.leaderboard.ledger import file_hash, read_ledger
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.storage import PROJECT, display_path
from pipeline.tables import check_same_ids

ENDINGS = (".csv", ".txt")
_COPY = re.compile(r"-[0-9a-f]{8}$")  # what an archived copy's name ends in


@dataclass(frozen=True)
class Answered:
    """An answer file: its rows by id, a column an answer, and what the contest says about each."""

    path: Path
    frame: pd.DataFrame  # indexed by id (text; of a bare list the number of the line)
    spaces: dict[str, AnswerSpace | None]  # by column; None where no experiment is known
    settings: Experiment | None

    def codes(self, column: str) -> np.ndarray:
        """The answers (N,): class numbers, or fractions. Raises ValueError naming a row whose
        answer is none of the contest's."""
        words, space = self.frame[column], self.spaces[column]
        names = [] if space is None or space.kind == "regression" else space.classes
        if names and self.settings.competition.submission.value == "label":
            codes = pd.Index(names).get_indexer(words)
            wrong = codes < 0
        else:
            numbers = pd.to_numeric(words, errors="coerce").to_numpy(dtype=np.float64)
            whole = bool(names) and self.settings.competition.submission.value != "probability"
            wrong = ~np.isfinite(numbers)
            if whole:
                wrong |= ~np.isin(numbers, np.arange(len(names)))
            codes = numbers.astype(np.int64) if whole and not wrong.any() else numbers
        if wrong.any():
            row = int(wrong.argmax())
            allowed = f"; allowed: {', '.join(names)}" if names else "; it is to be a number"
            raise ValueError(
                f"{display_path(self.path)}: {self.frame.index[row]!r} is answered "
                f"{words.iloc[row]!r} "
                f"in {column}{allowed}"
            )
        return codes


def answer_columns(settings: Experiment) -> dict[str, AnswerSpace]:
    """The answer columns of the contest's file, each with what is answered in it."""
    options, spaces = settings.competition.submission, answer_spaces(settings)
    if len(settings.competition.answer.tasks) > 1 and not settings.competition.answer.is_product:
        return {options.columns.get(space.name, space.name): space for space in spaces}
    return {options.column: spaces[0]}


def find_submission(work: Work, word: str) -> Path:
    """The answer file that a word names: a path, a submission's name, or that of a kept copy.

    Raises ValueError that lists the nearest names.
    """
    folder = work.runs.submissions
    for place in (
        Path(word).expanduser(),
        PROJECT / word,
        folder / word,
        folder / "archive" / word,
    ):
        for path in (place, *(place.with_name(place.name + ending) for ending in ENDINGS)):
            if path.is_file() and path.suffix in ENDINGS and path != work.runs.ledger:
                return path.resolve()
    known = [path.stem for path in known_submissions(work)]
    there = ", ".join(known) or f"none: {display_path(folder)} is empty"
    raise ValueError(f"no submission {word!r}{nearest(word, known)} there are: {there}")


def known_submissions(work: Work) -> list[Path]:
    """The answer files in the submissions folder, then the kept copies."""
    folder = work.runs.submissions
    own = [p for p in folder.glob("*") if p.suffix in ENDINGS and p != work.runs.ledger]
    return [*sorted(own), *sorted(p for p in folder.glob("archive/*") if p.suffix in ENDINGS)]


def settings_of(work: Work, path: Path) -> Experiment | None:
    """The experiment that a submission came from: by the ledger, else by its name; or None."""
    ledger, names = read_ledger(work.runs), []
    names += ledger.loc[ledger["sha256"] == file_hash(path), "experiment"].tolist()
    name = _COPY.sub("", path.stem)
    for candidate in (*names, path.stem, name, name.removesuffix("-stack")):
        stored = work.runs.of_experiment(candidate) / "config.yaml"
        if stored.is_file():
            places = {"runs": work.settings.runs, "submissions": work.settings.submissions}
            return load_settings(stored).model_copy(update=places)
    return None


def read_answers(work: Work, path: Path, *, settings: Experiment | None = None) -> Answered:
    """An answer file as it stands. Raises ValueError for a column or an id that is not right."""
    settings = settings_of(work, path) if settings is None else settings
    columns = {} if settings is None else answer_columns(settings)
    if path.suffix == ".txt":
        lines = path.read_text(encoding="utf-8").splitlines()
        name = next(iter(columns), "answer")
        frame = pd.DataFrame({name: lines}, index=[f"line {n + 1}" for n in range(len(lines))])
        return Answered(path, frame, {name: columns.get(name)}, settings)
    table = read_csv(path, needs=())
    key = table.columns[0]
    if settings is not None:
        key = settings.competition.submission.id
        table = read_csv(path, needs=(key, *columns))
    if table[key].duplicated().any():
        first = table.loc[table[key].duplicated(), key].iloc[0]
        raise ValueError(f"{display_path(path)}: {first!r} is answered twice")
    frame = table.set_index(key)
    spaces = columns or dict.fromkeys(frame.columns)
    return Answered(path, frame[list(spaces)], spaces, settings)


def align(first: Answered, second: Answered) -> Answered:
    """`second` in the order of `first`. Raises ValueError naming what they do not share."""
    if list(first.spaces) != list(second.spaces):
        one, other = (", ".join(found.spaces) for found in (first, second))
        raise ValueError(
            f"{display_path(first.path)} answers in {one}, {display_path(second.path)} in {other}: "
            "not the same contest"
        )
    what = f"{display_path(second.path)} beside {display_path(first.path)}"
    check_same_ids(second.frame.index, first.frame.index, what=what)
    frame = second.frame.loc[first.frame.index]
    return Answered(second.path, frame, second.spaces, second.settings)
