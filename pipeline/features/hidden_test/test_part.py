"""A test part that came after the training: where it lies, what is in it, what its answers want."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.config import Competition, Experiment, fingerprint_of
from pipeline.labels.answer_groups import ask_for_groups, is_grouped
from pipeline.labels.containers import find_container
from pipeline.labels.frames import split_frame
from pipeline.labels.layouts.test_part import TestPart, read_test_part
from pipeline.leaderboard.sample_file import SampleFile, read_sample, read_sample_file
from pipeline.preprocessing.read_contest import find_images
from pipeline.preprocessing.unseen_images import check_test_images
from pipeline.storage import Runs

TAKEN = ("stack", "oof", "stack-oof")  # ends of other files' names in submissions/


@dataclass(frozen=True)
class HiddenTest:
    """Test images that nobody knew when the cells were trained; its paths are below `root`."""

    __test__ = False

    name: str  # of its folder, in words that a file name may have
    place: Path
    images: pd.DataFrame
    root: Path
    answered: SampleFile | None  # its own sample file: the ids to answer, in their order
    sample: SampleFile | None  # which says how an answer is written; the contest's own if there
    notes: tuple[str, ...]
    fingerprint: str  # of the images' paths, sizes and times: a swapped folder has another

    @property
    def asked(self) -> pd.DataFrame:
        """The images that want an answer, in the contest's order."""
        asked = ~self.images["status"].isin(("junk", "unlisted"))
        return self.images[asked].reset_index(drop=True)


def read_hidden_test(settings: Experiment, runs: Runs, place: Path) -> HiddenTest:
    """The test part at `place`: a folder or zip archive of images, a contest's folder, or a table.

    Raises ValueError naming what is not there or does not fit, as the index stage does.
    """
    contest = settings.competition
    place = Path(os.path.abspath(place.expanduser()))
    part = read_test_part(
        contest.layout,
        place,
        root=runs.root,
        options=contest.layout_options,
        sample=contest.submission.sample,
        answer_id=contest.submission.id,
    )
    answered = None
    if part.sample is not None and contest.submission.format != "lines":
        answered = read_sample_file(settings, part.sample)
    images, notes = _find_images(contest, part, answered)
    said = check_test_images(images, root=part.root, most=contest.missing_test)
    notes += [said] if said else []
    own = contest.submission.sample
    has_own = own is not None and (runs.root / own).is_file()
    return HiddenTest(
        name=test_part_name(place),
        place=place,
        images=images,
        root=part.root,
        answered=answered,
        sample=read_sample(settings, runs) if has_own else answered,
        notes=tuple(notes),
        fingerprint=_fingerprint(part.root, images),
    )


def _find_images(
    contest: Competition, part: TestPart, answered: SampleFile | None
) -> tuple[pd.DataFrame, list[str]]:
    """The part's images as they lie on the disk, with the groups that are answered together."""
    images, notes = find_images(contest, part.images, root=part.root)
    if answered is not None and is_grouped(images):
        per, source = contest.answered_per, answered.name
        images, grouped = ask_for_groups(images, answered.ids, per=per, source=source)
        notes += grouped
    return images, notes


def test_part_name(place: Path) -> str:
    """A test part's name in file names: its folder's, or its table's without the ending."""
    name = place.stem if place.is_file() else place.name
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "test"
    return f"test-{name}" if name in TAKEN else name


def _fingerprint(root: Path, images: pd.DataFrame) -> str:
    """What changes when an image of the part is another; contents are not read for it."""
    rows = []
    for image_id, path, status in images[["image_id", "path", "status"]].itertuples(index=False):
        try:
            frame = split_frame(path)
            file = root / (path if frame is None else frame[0])
            container = find_container(file)
            found = os.stat(file if container is None else container[0])
            rows.append([image_id, path, status, found.st_size, found.st_mtime_ns])
        except OSError:  # a missing image: its status says so
            rows.append([image_id, path, status])
    return fingerprint_of(rows)
