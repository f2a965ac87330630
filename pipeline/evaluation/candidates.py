"""What a word of `compare` names, and how it answers the held-out images.

A name is an experiment (its ensemble), experiment/member or experiment/formulation (of its
`compare:`), or experiment-stack; with -c a member or formulation needs no experiment before it.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.config import Experiment, load_settings
from pipeline.config.types import nearest
from pipeline.console.installation import COMMAND
from pipeline.experiment.cells import member_cells, used_members
from pipeline.experiment.images_table import held_out_anywhere, scored_split
from pipeline.experiment.predictions import read_oof, read_predictions
from pipeline.storage import Runs, display_path, read_table
from pipeline.tables import FOLDS, check_table

STACK = "-stack"
_ASKED = ("ensemble", "compare", "bootstrap")  # settings that the command line may change here


@dataclass(frozen=True)
class Candidate:
    """Something that answers held-out images: the members behind it and the name it goes by."""

    name: str
    kind: str  # member, ensemble, formulation or stack
    settings: Experiment  # of its experiment, as it was trained
    runs: Runs
    members: tuple[str, ...]

    @property
    def can_show_views(self) -> bool:
        """Whether infer has answered with all views of all its members."""
        return all(self.runs.predictions(name, "oof").exists() for name in self.members)

    def tables(self, *, with_views: bool) -> dict[str, pd.DataFrame]:
        """The OOF predictions of its members."""
        if with_views:
            return {name: read_predictions(self.runs, name, "oof") for name in self.members}
        return {name: read_oof(self.settings, self.runs, name) for name in self.members}

    def describe(self, *, with_views: bool) -> str:
        """What it is, in words."""
        settings = self.settings
        views = f"views {', '.join(settings.tta)}" if with_views else "no views"
        if self.kind == "member":
            return f"{self.name}: member, {views}"
        if self.kind == "stack":
            return f"{self.name}: what stack kept for {', '.join(self.members)}, nested"
        method = settings.ensemble.method if self.kind == "ensemble" else "mean"
        return f"{self.name}: {method} of {', '.join(self.members)}, {views}"


def find_candidate(
    settings: Experiment, runs: Runs, word: str, *, names_config: bool = False
) -> Candidate:
    """What a word names; an experiment comes before a part of the config's own.

    `names_config` is whether -c was typed: then a word that is an experiment and a part of the
    config's could be both. Raises ValueError for that, and for a word that names nothing trained,
    with the nearest names or what to train.
    """
    own = trained_settings(settings, runs, settings.name)
    experiment, _, part = word.partition("/")
    found = trained_settings(settings, runs, experiment)
    if own is not None and not part and _has(own, word):
        if found is None:
            return _part(own, word)
        if names_config:
            raise ValueError(
                f"{word!r} is an experiment and a part of {own.name}: {own.name}/{word} names the "
                f"part, and without -c {word} is the experiment"
            )
    if found is None and not part and word.endswith(STACK):
        found = trained_settings(settings, runs, word.removesuffix(STACK))
        part = STACK[1:]
    if found is not None and part == STACK[1:] and not _has(found, part):
        return _stacked(found)
    if found is not None and not part:
        return whole_experiment(found)
    if found is not None and _has(found, part):
        return _part(found, part)
    known = _known(runs, own) if found is None else _parts(found)
    hint = nearest(part if found else word, known)
    what = f"{experiment} has no {part!r}" if found else f"nothing trained is called {word!r}"
    raise ValueError(f"compare: {what}{hint} there are: {', '.join(known) or 'none'}")


def held_out_images(candidate: Candidate) -> pd.DataFrame:
    """Who is held out where: image_id, person_id and fold of each image that it answers.

    Of several splits (folds.repeats) the fold is that of the first one that is trained.
    """
    settings = candidate.settings
    frame = check_table(read_table(candidate.runs.folds), FOLDS).sort_values("image_id")
    frame = frame.assign(fold=frame[scored_split(settings)])
    return frame[held_out_anywhere(settings, frame)]


def trained_settings(settings: Experiment, runs: Runs, name: str) -> Experiment | None:
    """The settings of another experiment in the same runs, as it was trained.

    None when there is none of that name. Where files lie and how many draws make an interval is
    this command's; of this experiment itself the parts of the settings that may change later are.
    """
    folder = runs.of_experiment(name) if name else None
    if folder is None or not (folder / "config.yaml").is_file():
        return None
    changes: dict[str, Any] = {
        "runs": settings.runs,
        "submissions": settings.submissions,
        "bootstrap": settings.bootstrap,
    }
    if name == settings.name:
        for key in _ASKED:
            changes[key] = getattr(settings, key)
    return load_settings(folder / "config.yaml").model_copy(update=changes)


def whole_experiment(settings: Experiment) -> Candidate:
    """The ensemble of an experiment. Raises ValueError when a cell is not trained or its data has
    gone."""
    members = tuple(used_members(settings))
    return _checked(settings, settings.name, kind="ensemble", members=members)


def _part(settings: Experiment, part: str) -> Candidate:
    """A member or formulation of an experiment; the experiment has it."""
    name = f"{settings.name}/{part}"
    if part in settings.members:
        return _checked(settings, name, kind="member", members=(part,))
    return _checked(settings, name, kind="formulation", members=settings.compare[part])


def _stacked(settings: Experiment) -> Candidate:
    """What stack made of an experiment. Raises ValueError when it has not run."""
    name = settings.name
    if not Runs(settings).stack("stack_oof.parquet").exists():
        raise ValueError(
            f"compare: {name}{STACK} is not there yet; first {COMMAND} stack {settings.as_typed}"
        )
    return _checked(settings, name + STACK, kind="stack", members=tuple(used_members(settings)))


def _checked(settings: Experiment, name: str, *, kind: str, members: tuple[str, ...]) -> Candidate:
    """The candidate. Raises ValueError when a cell is not trained or its data has gone."""
    runs = Runs(settings)
    for member in members:
        for cell in member_cells(settings, member):
            if not runs.oof(cell).exists():
                raise ValueError(
                    f"compare: {name}: {display_path(runs.oof(cell))} is not there; first "
                    f"{COMMAND} train {settings.as_typed}"
                )
    for path in (runs.images, runs.faces, runs.folds):
        if not path.exists():
            raise ValueError(
                f"compare: {name} was trained on {display_path(path)}, which is not there; "
                f"{COMMAND} split {settings.as_typed} makes it again"
            )
    return Candidate(name=name, kind=kind, settings=settings, runs=runs, members=members)


def _parts(settings: Experiment) -> list[str]:
    return [*settings.members, *settings.compare]


def _has(settings: Experiment, part: str) -> bool:
    return part in settings.members or part in settings.compare


def _known(runs: Runs, own: Experiment | None) -> list[str]:
    """Names that could be meant: what is trained, and the parts of the experiment of -c."""
    trained = sorted(p.parent.name for p in runs.of_experiment("").glob("*/config.yaml"))
    return [*trained, *(_parts(own) if own is not None else [])]
