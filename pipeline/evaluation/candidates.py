"""What a word of `compare` names, and how it answers the held-out images.

A name is an experiment (its ensemble), experiment/member or experiment/formulation (of its
`compare:`), or experiment-stack; with -c a member or formulation needs no experiment before it.
"""

from dataclasses import dataclass, replace

import pandas as pd

from pipeline.config import Experiment, load_settings
from pipeline.config.types import nearest
from pipeline.experiment.cells import member_cells, used_members
from pipeline.experiment.images_table import held_out_anywhere, scored_split
from pipeline.experiment.predictions import read_oof
from pipeline.experiment.work import Work
from pipeline.storage import Runs, display_path, read_table
from pipeline.tables import FOLDS, PREDICTIONS, check_table

STACK = "-stack"
_ASKED = ("ensemble", "compare", "bootstrap")  # settings that the command line may change here


@dataclass(frozen=True)
class Candidate:
    """Something that answers held-out images: the members behind it and the name it goes by."""

    name: str
    kind: str  # member, ensemble, formulation or stack
    work: Work  # of its experiment, as it was trained
    members: tuple[str, ...]

    @property
    def can_show_views(self) -> bool:
        """Whether infer has answered with all views of all its members."""
        return all(self.work.runs.predictions(name, "oof").exists() for name in self.members)

    def tables(self, *, with_views: bool) -> dict[str, pd.DataFrame]:
        """The OOF predictions of its members."""
        if with_views:
            paths = {name: self.work.runs.predictions(name, "oof") for name in self.members}
            return {n: check_table(read_table(path), PREDICTIONS) for n, path in paths.items()}
        return {name: read_oof(self.work.settings, self.work.runs, name) for name in self.members}

    def describe(self, *, with_views: bool) -> str:
        """What it is, in words."""
        settings = self.work.settings
        views = f"views {', '.join(settings.tta)}" if with_views else "no views"
        if self.kind == "member":
            return f"{self.name}: member, {views}"
        if self.kind == "stack":
            return f"{self.name}: what stack kept for {', '.join(self.members)}, nested"
        method = settings.ensemble.method if self.kind == "ensemble" else "mean"
        return f"{self.name}: {method} of {', '.join(self.members)}, {views}"


def find_candidate(work: Work, word: str) -> Candidate:
    """What a word names; an experiment comes before a part of the config's own.

    Raises ValueError that lists the nearest names, or says what to train, or for a word that after
    -c could be both.
    """
    own = trained_work(work, work.settings.name)
    experiment, _, part = word.partition("/")
    found = trained_work(work, experiment)
    if own is not None and not part and _has(own.settings, word):
        if found is None:
            return _part(own, word)
        if work.names_config:
            name = own.settings.name
            raise ValueError(
                f"{word!r} is an experiment and a part of {name}: {name}/{word} names the part, "
                f"and without -c {word} is the experiment"
            )
    if found is None and not part and word.endswith(STACK):
        found = trained_work(work, word.removesuffix(STACK))
        part = STACK[1:]
    if found is not None and part == STACK[1:] and not _has(found.settings, part):
        return _stacked(found)
    if found is not None and not part:
        members = tuple(used_members(found.settings))
        return _checked(Candidate(word, "ensemble", found, members))
    if found is not None and _has(found.settings, part):
        return _part(found, part)
    known = _known(work, own) if found is None else _parts(found.settings)
    hint = nearest(part if found else word, known)
    what = f"{experiment} has no {part!r}" if found else f"nothing trained is called {word!r}"
    raise ValueError(f"compare: {what}{hint} there are: {', '.join(known) or 'none'}")


def held_out(candidate: Candidate) -> pd.DataFrame:
    """Who is held out where: image_id, person_id and fold of each image that it answers.

    Of several splits (folds.repeats) the fold is that of the first one that is trained.
    """
    settings = candidate.work.settings
    frame = check_table(read_table(candidate.work.runs.folds), FOLDS).sort_values("image_id")
    frame = frame.assign(fold=frame[scored_split(settings)])
    return frame[held_out_anywhere(settings, frame)]


def trained_work(work: Work, name: str) -> Work | None:
    """Another experiment as it was trained, from its stored settings; None when there is none."""
    folder = work.runs.of_experiment(name) if name else None
    if folder is None or not (folder / "config.yaml").is_file():
        return None
    places = {"runs": work.settings.runs, "submissions": work.settings.submissions}
    places |= {"bootstrap": work.settings.bootstrap}
    if name == work.settings.name:
        places |= {key: getattr(work.settings, key) for key in _ASKED}
    settings = load_settings(folder / "config.yaml").model_copy(update=places)
    return replace(work, settings=settings, runs=Runs(settings))


def _part(work: Work, part: str) -> Candidate:
    settings, name = work.settings, f"{work.settings.name}/{part}"
    if part in settings.members:
        return _checked(Candidate(name, "member", work, (part,)))
    return _checked(Candidate(name, "formulation", work, settings.compare[part]))


def _stacked(work: Work) -> Candidate:
    """What stack made of an experiment. Raises ValueError when it has not run."""
    name = work.settings.name
    if not work.runs.stack("stack_oof.parquet").exists():
        raise ValueError(f"compare: {name}{STACK} is not there yet; first ./run.sh stack -c {name}")
    return _checked(Candidate(name + STACK, "stack", work, tuple(used_members(work.settings))))


def _checked(candidate: Candidate) -> Candidate:
    """The candidate itself. Raises ValueError when a cell is not trained or its data has gone."""
    work, config = candidate.work, candidate.work.settings.name
    for member in candidate.members:
        for cell in member_cells(work.settings, member):
            if not work.runs.oof(cell).exists():
                raise ValueError(
                    f"compare: {candidate.name}: {display_path(work.runs.oof(cell))} is "
                    "not there; first "
                    f"./run.sh train -c {config}"
                )
    for path in (work.runs.images, work.runs.faces, work.runs.folds):
        if not path.exists():
            raise ValueError(
                f"compare: {candidate.name} was trained on {display_path(path)}, which is "
                f"not there; ./run.sh split -c {config} makes it again"
            )
    return candidate


def _parts(settings: Experiment) -> list[str]:
    return [*settings.members, *settings.compare]


def _has(settings: Experiment, part: str) -> bool:
    return part in settings.members or part in settings.compare


def _known(work: Work, own: Work | None) -> list[str]:
    """Names that could be meant: what is trained, and the parts of the experiment of -c."""
    trained = sorted(p.parent.name for p in work.runs.of_experiment("").glob("*/config.yaml"))
    return [*trained, *(_parts(own.settings) if own is not None else [])]
