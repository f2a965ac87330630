"""The steps of `new`: understand, look at faces, choose a recipe, write, check."""

import re
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.console.installation import COMMAND, PROJECT, SHIPPED
from pipeline.features.new_contest.check_config import Checked, check_config
from pipeline.features.new_contest.config_text import config_text, quoted, shipped_head
from pipeline.features.new_contest.draft import Draft
from pipeline.features.new_contest.face_look import (
    TINY,
    Sizes,
    guess_crop,
    look_at_faces,
    measure_sizes,
)
from pipeline.features.new_contest.guess import Guess
from pipeline.features.new_contest.mirror_labels import find_places
from pipeline.features.new_contest.shipped_contests import shipped_text
from pipeline.features.new_contest.strong_recipe import Setting, Size, first_size, names_of
from pipeline.features.new_contest.understand import Understood
from pipeline.storage import write_table

CONFIGS = PROJECT / "configs"  # the user's own
SHIPPED_CONFIGS = SHIPPED / "configs"
SCHEMA = "schema.json"


@dataclass(frozen=True)
class Place:
    """Where a config goes, what it is called with -c, and the command that writes it."""

    path: Path
    command: str

    @property
    def called(self) -> str:
        """What stands behind -c."""
        return self.path.stem if self.path.parent == CONFIGS else str(self.path)

    @property
    def schema(self) -> str:
        """The schema for editors, as this file finds it."""
        if (self.path.parent / SCHEMA).is_file():
            return SCHEMA
        return str(SHIPPED_CONFIGS / SCHEMA)


def find_place(folder: Path, name: str | None, *, command: str) -> Place:
    """Where the config of a folder goes: configs/NAME.yaml, or the path that ends with .yaml.

    Raises ValueError for a name that no run can have, and where the file is there already.
    """
    word = name or _name_of(folder)
    path = (
        Path(word).expanduser().absolute() if word.endswith(".yaml") else CONFIGS / f"{word}.yaml"
    )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]*", path.stem):
        raise ValueError(
            f"new: {path.stem!r} can't be the name of a run; letters, digits, - and _ can: "
            f"{COMMAND} new {folder} {_plain(path.stem) or 'my-contest'}"
        )
    if path.exists():
        raise ValueError(
            f"new: {path} is there already and stays as it is; another name writes another file: "
            f"{COMMAND} new {folder} {path.stem}-2"
        )
    if path.parent != CONFIGS and not path.parent.is_dir():
        raise ValueError(f"new: no folder {path.parent}, where {path.name} is to be written")
    return Place(path, command)


def write_made_tables(found: Understood) -> None:
    """Writes the tables that the config needs beside it.

    Raises ValueError where a file of the name is there already.
    """
    for one in found.made:
        if one.path.exists():
            raise ValueError(
                f"new: {one.path} is there already and stays as it is; another name writes others"
            )
    for one in found.made:
        write_table(one.path, one.table.frame, exact=True)


def remove_made_tables(found: Understood) -> None:
    """Takes these tables away again, where no config came of it."""
    for one in found.made:
        one.path.unlink(missing_ok=True)


def measure(found: Understood) -> Sizes:
    """The sizes of some of the images."""
    images = (found.draft.train_images if found.draft else ()) or found.survey.images
    if not images or found.survey.shows_videos:
        return Sizes(0, 0, 0)
    return measure_sizes(found.survey.root, images)


def look_for_crop(found: Understood, sizes: Sizes) -> Guess[dict[str, object]]:
    """The settings of the crop, after a look at some of the images."""
    draft = found.draft
    assert draft is not None
    place = find_places(draft.tasks)
    if place:
        why = f"{place} is a place in the whole image, so no face is cut out"
        return Guess({"faces": "given"}, why)
    if draft.has_boxes:
        return Guess({"margin": 0.2}, "the table's boxes; a face is looked for where it has none")
    if found.survey.shows_videos:
        return Guess({"margin": 0.2}, "faces are looked for in the frames of the videos")
    if sizes.median < TINY:  # 0 where the images are numbers in a table
        return guess_crop(None, sizes)
    images = draft.train_images or found.survey.images
    return guess_crop(look_at_faces(found.survey.root, images), sizes)


def make_setting(
    draft: Draft, sizes: Sizes, crop: Guess[dict[str, object]], *, gpu: bool
) -> Setting:
    """What the recipe of a draft is made for."""
    return Setting(
        tasks=draft.tasks,
        answered=names_of(draft.tasks),
        writes_probabilities=draft.writes_probabilities,
        num_images=draft.num_train,
        num_people=draft.num_people,
        side=sizes.median,
        crop=crop,
        gpu=gpu,
    )


def write_text(
    found: Understood, place: Place, *, setting: Setting | None, size: Size | None, gpu: bool
) -> str:
    """The text of the config."""
    root = root_text(found.survey.root)
    if found.shipped is not None:
        head = shipped_head(
            command=place.command,
            schema=place.schema,
            title=found.shipped.title,
            why=found.shipped.why,
        )
        return head + shipped_text(
            found.shipped, configs=SHIPPED_CONFIGS, root=quoted(root), lite=not gpu
        )
    assert found.draft is not None and setting is not None
    return config_text(
        found.draft,
        setting,
        size or first_size(setting),
        root=root,
        command=place.command,
        schema=place.schema,
    )


def check_text(text: str, name: str) -> Checked:
    """A config's text, checked as the first stages will check its file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return check_config(path, configs=CONFIGS)


def root_text(root: Path) -> str:
    """A root as the config names it: from the project's folder where it lies in it."""
    whole = root.absolute()
    if whole.is_relative_to(PROJECT):
        return whole.relative_to(PROJECT).as_posix()
    return str(whole)


def _name_of(folder: Path) -> str:
    """A run's name from that of the folder."""
    return _plain(folder.absolute().name) or "my-contest"


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_+-]+", "-", text).strip("-_+.").lower()
