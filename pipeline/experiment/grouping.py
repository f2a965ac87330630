"""What is kept together in folds, people, images or groups, and what follows for the scores.

Every sentence about people that are held out asks here first: where a contest does not say who is
in an image, nobody can be promised to be in one fold only.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from pipeline.console.once import is_new
from pipeline.labels.units import Unit, count_words
from pipeline.storage import Runs, read_json, read_table

TRAIN_PREFIX = "train/"  # before a train image's id that a test image has too


def named(images: pd.DataFrame) -> np.ndarray:
    """Which images (N,) bool have a person who is named.

    `images` has image_id and person_id. Readers give an image without a person its own id as
    person_id, so a person is named by another id, or by one that several images have.
    """
    people = images["person_id"].astype(object)
    own = images["image_id"].astype(str)
    without_prefix = own.str.removeprefix(TRAIN_PREFIX)
    text = people.astype(str)
    is_own = (text == own) | (text == without_prefix)
    is_shared = text.duplicated(keep=False)
    return (people.notna() & (~is_own | is_shared)).to_numpy()


def counted_by(images: pd.DataFrame) -> Unit:
    """What these images are counted by: `people` where every one names its person."""
    return "people" if len(images) and named(images).all() else "images"


@dataclass(frozen=True)
class Grouping:
    """What the folds of an experiment keep together. It is stored with the folds."""

    num_images: int
    num_named: int  # images whose person is named
    num_units: int  # people, groups, or images
    num_single: int  # of them with one image
    lookalikes: float | None = None  # the similarity that joined images, where any was
    by: str = "person"  # folds.by
    per: str | None = None  # what is answered from several images, which stay together
    joins_people: bool = False  # whether these images are of several people who are named
    num_unnamed_extra: int = 0  # images of other data that teach and do not name their person

    @property
    def names_all(self) -> bool:
        """Whether every image names its person."""
        return self.num_named == self.num_images

    @property
    def unit(self) -> Unit:
        """People where everybody is named; images where nobody is and nothing was joined."""
        if self.names_all and not self.joins_people:
            return "people"
        is_alone = self.num_named == 0 and self.lookalikes is None and self.per is None
        return "images" if is_alone else "groups"

    @property
    def is_upper_bound(self) -> bool:
        """Whether scores are too good as soon as somebody comes twice who is not known to."""
        return not self.names_all or self.by == "label" or self.num_unnamed_extra > 0

    @property
    def held_out(self) -> str:
        """`people held out`, `images held out` or `groups held out`."""
        return f"{self.unit} held out"

    @property
    def caveat(self) -> str:
        """What is not known, what follows, and what to do; empty where people are kept together."""
        found = [self._fold_caveat] if self._fold_caveat else []
        if self.num_unnamed_extra:
            found.append(
                f"{self.num_unnamed_extra:,} images of other data (extra) teach without naming "
                "their person: scores are too good if they show people of the contest"
            )
        return "; ".join(found)

    @property
    def _fold_caveat(self) -> str:
        """The same of the folds alone, whatever else teaches."""
        if self.by == "label":
            return (
                "folds.by: label ignores people, so the same person can be on both sides: scores "
                "are too good if people come twice; folds.by: person keeps them together"
            )
        if self.names_all:
            return ""
        if self.num_named:
            missing = self.num_images - self.num_named
            known = (
                f"{missing:,} of {self.num_images:,} images do not name their person, so each of "
                "them counts as alone"
            )
        elif self.lookalikes is not None:
            return (
                "nobody is named: folds.lookalikes keeps copies and similar photographs together, "
                f"not a person on two occasions ({self.num_single:,} of {self.num_units:,} groups "
                "have one image); scores are too good if people come twice; "
                f"{NAME_PEOPLE}"
            )
        elif self.per is not None:
            known = f"nobody is named: images of one {self.per} are kept together, people are not"
        else:
            known = "nobody is named, so every image counts as alone"
        also = "" if self.lookalikes is not None else f"; {JOIN_LOOKALIKES}"
        return f"{known}: scores are too good if people come twice; {NAME_PEOPLE}{also}"

    @property
    def short_caveat(self) -> str:
        """A few words beside a score; empty where people are kept together."""
        return "too good if people come twice" if self.is_upper_bound else ""

    def count(self, num_images: int, num_units: int, *, per: str = "") -> str:
        """`3,241 images of 463 people`, or what is known instead."""
        return count_words(num_images, num_units, self.unit, per=per)


NAME_PEOPLE = (
    "name the person of each image in a column (competition.table.person) or in a file of fixes"
)
AGAIN = "as said above, scores are too good if people come twice"
JOIN_LOOKALIKES = "folds.lookalikes: 0.7 keeps similar photographs together"


def describe_grouping(
    images: pd.DataFrame,
    units: Sequence[str] | np.ndarray | None = None,
    *,
    lookalikes: float | None = None,
    by: str = "person",
    per: str | None = None,
    num_unnamed_extra: int = 0,
) -> Grouping:
    """The grouping of train images (N rows: image_id, person_id) that fall into `units` (N,), by
    default their person ids; `per` is what several images are answered for; `num_unnamed_extra`
    images of other data teach beside them."""
    names = images["person_id"].to_numpy() if units is None else np.asarray(units, dtype=object)
    sizes = pd.Series(names).astype(str).value_counts()
    return Grouping(
        num_images=len(images),
        num_named=int(named(images).sum()),
        num_units=len(sizes),
        num_single=int((sizes == 1).sum()),
        lookalikes=lookalikes,
        by=by,
        per=per,
        joins_people=per is not None and len(sizes) < images["person_id"].nunique(),
        num_unnamed_extra=num_unnamed_extra,
    )


def describe_names(images: pd.DataFrame) -> str:
    """Who is named in train images, in a few words."""
    num_named = int(named(images).sum())
    if num_named == len(images):
        return f"{images['person_id'].nunique():,} people in train"
    if num_named == 0:
        return "nobody is named in train"
    return f"{num_named:,} of {len(images):,} train images name their person"


def names_caveat(
    images: pd.DataFrame, *, lookalikes: float | None, by: str, per: str | None = None
) -> str:
    """The caveat before images are split: what follows from the names alone."""
    caveat = describe_grouping(images, by=by, per=per).caveat
    if caveat and lookalikes is not None and by != "label":
        return f"{describe_names(images)}; split keeps similar photographs together, as asked"
    return caveat


def say_caveat(caveat: str) -> str:
    """The caveat as it is the first time that a command says it, later a few words."""
    return caveat if is_new(caveat) else AGAIN


def grouping_facts(grouping: Grouping) -> dict:
    """As the certificate stores it."""
    facts = asdict(grouping)
    if grouping.per is None:  # certificates of contests without such answers stay as they were
        del facts["per"], facts["joins_people"]
    words = {"unit": grouping.unit, "is_upper_bound": grouping.is_upper_bound}
    if not grouping.num_unnamed_extra:  # nor do those of contests without other data change
        del facts["num_unnamed_extra"]
    return {**facts, **words, "caveat": grouping.caveat}


def read_grouping(runs: Runs) -> Grouping:
    """What the experiment's folds keep together; folds of an earlier version are counted."""
    if runs.certificate.exists():
        facts = read_json(runs.certificate).get("grouping")
        if facts is not None:
            fields = Grouping.__dataclass_fields__
            return Grouping(**{name: facts[name] for name in fields if name in facts})
    return describe_grouping(read_table(runs.folds))
