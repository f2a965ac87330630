"""Answer files by name, and read back to what they answer; shared by ledger, diff and submit."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.config import Experiment, load_settings
from pipeline.config.types import nearest
from pipeline.labels.csv_reader import read_contest_table
from pipeline.leaderboard.answer_format import AnswerFormat, to_floats
from pipeline.leaderboard.answer_table import read_answer_table
from pipeline.leaderboard.ledger import read_ledger
from pipeline.leaderboard.oof_file import is_oof_file
from pipeline.leaderboard.row_form import RowForm
from pipeline.leaderboard.sample_file import SampleFile, read_sample
from pipeline.leaderboard.wanted_formats import answer_formats
from pipeline.storage import PROJECT, Runs, display_path
from pipeline.storage.digests import file_sha256
from pipeline.tables import check_same_ids

ENDINGS = (".csv", ".txt")
_COPY = re.compile(r"-[0-9a-f]{8}$")  # what an archived copy's name ends in


@dataclass(frozen=True)
class Answered:
    """An answer file: its rows by id, a column an answer, and how each is to be written."""

    path: Path
    frame: pd.DataFrame  # texts, indexed by id; of a bare list by the number of the line
    formats: dict[str, AnswerFormat | None]  # by column; None where no experiment is known
    settings: Experiment | None
    rows: RowForm | None = None  # of a file with a row an answer

    def codes(self, column: str) -> np.ndarray:
        """The answers (N,): class numbers, or numbers with decimals; of several words a number that
        is the same for the same words.

        Raises ValueError naming a row whose answer is none of the contest's.
        """
        one = self.formats[column]
        if one is None:
            return self._numbers(column)
        if one.holds_words:
            found = one.read(self.frame)
            return np.array([hash(row.tobytes()) for row in found], dtype=np.int64)
        frame = self.frame
        absent = (frame[column] == "").to_numpy() if self.rows is not None else None
        try:
            if absent is None or not absent.any():
                return one.read_column(frame, column)
            present = one.read_column(frame[~absent], column)
            # what the contest does not ask for is the same in all files
            codes = np.full(len(frame), present[0], dtype=present.dtype)
            codes[~absent] = present
            return codes
        except ValueError as error:
            raise ValueError(f"{display_path(self.path)}: {error}") from None

    def _numbers(self, column: str) -> np.ndarray:
        """The numbers (N,) of a contest that is not known."""
        texts = self.frame[column]
        numbers = to_floats(texts)
        wrong = ~np.isfinite(numbers)
        if wrong.any():
            row = int(wrong.argmax())
            raise ValueError(
                f"{display_path(self.path)}: {self.frame.index[row]!r} is answered "
                f"{texts.iloc[row]!r} in {column}; it is to be a number"
            )
        return numbers


def formats_of(settings: Experiment) -> list[AnswerFormat]:
    """How the contest of an experiment wants its answers written."""
    return answer_formats(settings, _sample_of(settings))


def _sample_of(settings: Experiment) -> SampleFile | None:
    """The contest's sample file, where it has one and its data are here."""
    runs = Runs(settings)
    return read_sample(settings, runs) if runs.root.is_dir() else None


def find_submission(runs: Runs, word: str) -> Path:
    """The answer file that a word names: a path, a submission's name, or that of a kept copy.

    Raises ValueError that lists the nearest names.
    """
    folder = runs.submissions
    for place in (
        Path(word).expanduser(),
        PROJECT / word,
        folder / word,
        folder / "archive" / word,
    ):
        for path in (place, *(place.with_name(place.name + ending) for ending in ENDINGS)):
            if path.is_file() and path.suffix in ENDINGS and path != runs.ledger:
                if is_oof_file(path):
                    raise ValueError(
                        f"{display_path(path)} holds OOF answers of train images, not a submission"
                    )
                return path.resolve()
    known = [path.stem for path in known_submissions(runs)]
    there = ", ".join(known) or f"none: {display_path(folder)} is empty"
    raise ValueError(f"no submission {word!r}{nearest(word, known)} there are: {there}")


def known_submissions(runs: Runs) -> list[Path]:
    """The answer files in the submissions folder, then the kept copies."""
    folder = runs.submissions
    files = [*sorted(folder.glob("*")), *sorted(folder.glob("archive/*"))]
    answers = [path for path in files if path.suffix in ENDINGS and not is_oof_file(path)]
    return [path for path in answers if path != runs.ledger]


def settings_of(settings: Experiment, runs: Runs, path: Path) -> Experiment | None:
    """The experiment that a submission came from: by the ledger, else by its name; or None."""
    ledger = read_ledger(runs)
    names = ledger.loc[ledger["sha256"] == file_sha256(path), "experiment"].tolist()
    name = _COPY.sub("", path.stem)
    for candidate in (*names, path.stem, name, name.removesuffix("-stack")):
        stored = runs.of_experiment(candidate) / "config.yaml"
        if stored.is_file():
            places = {"runs": settings.runs, "submissions": settings.submissions}
            return load_settings(stored).model_copy(update=places)
    return None


def read_answers(
    settings: Experiment, runs: Runs, path: Path, *, source: Experiment | None = None
) -> Answered:
    """An answer file as it stands; `source` is the experiment it came from, where that is known.

    Raises ValueError for a column or an id that is not right.
    """
    found = settings_of(settings, runs, path) if source is None else source
    formats: dict[str, AnswerFormat | None] = {}
    id_column = rows = None
    if found is not None:
        sample = _sample_of(found)
        rows = None if sample is None else sample.rows
        formats = {name: one for one in formats_of(found) for name in one.columns}
        id_column = found.competition.submission.id
    elif path.suffix == ".txt":
        formats = {"answer": None}
    else:
        id_column, *others = read_contest_table(path, needs=()).columns
        formats = dict.fromkeys(others)
    frame = read_answer_table(path, list(formats), id_column=id_column or "", rows=rows)
    return Answered(path, frame, formats, found, rows)


def align(first: Answered, second: Answered) -> Answered:
    """`second` in the order of `first`. Raises ValueError naming what they do not share."""
    if list(first.formats) != list(second.formats):
        one, other = ", ".join(first.formats), ", ".join(second.formats)
        raise ValueError(
            f"{display_path(first.path)} answers in {one}, {display_path(second.path)} in {other}: "
            "not the same contest"
        )
    what = f"{display_path(second.path)} beside {display_path(first.path)}"
    check_same_ids(second.frame.index, first.frame.index, what=what)
    frame = second.frame.loc[first.frame.index]
    return Answered(second.path, frame, second.formats, second.settings, second.rows)
