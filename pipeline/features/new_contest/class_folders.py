"""A folder for each class: which folder holds them, and which holds the images to answer."""

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

from pipeline.features.new_contest.label_kinds import sort_classes
from pipeline.features.new_contest.survey import Survey
from pipeline.features.new_contest.table_columns import TEST_WORDS, TRAIN_WORDS, VALID_WORDS

PLAIN_WORDS = ("images", "image", "img", "imgs", "data", "faces", "pictures", "photos", "jpg")


@dataclass(frozen=True)
class ClassFolders:
    """The folder with a folder for each class, that of the images to answer, and the classes.

    `counts` holds the images of each class. `labelled_test`: the test folder has class folders too.
    """

    train: str
    test: str | None
    counts: dict[str, int]
    labelled_test: bool = False
    unused: tuple[str, ...] = ()

    @property
    def classes(self) -> list[str]:
        """The classes in their natural order, which is the order in which an answer counts them."""
        return sort_classes(list(self.counts))


def find_class_folders(survey: Survey) -> ClassFolders | None:
    """The folders of a contest whose labels are the names of folders; None where they are not."""
    folders = {"."} | {
        str(parent) for path in survey.images for parent in PurePosixPath(path).parents
    }
    found = {folder: _classes_below(survey, folder) for folder in folders}
    found = {folder: counts for folder, counts in found.items() if len(counts) >= 2}
    if not found:
        return None
    train = min(
        found, key=lambda folder: (part_word(folder) != "train", part_word(folder) != "", folder)
    )
    counts = found[train]
    tests = [
        folder
        for folder in sorted(folders - {train})
        if part_word(folder) in ("test", "valid") and not folder.startswith(f"{train}/")
    ]
    if train == ".":  # whatever else lies there is a class
        tests = []
    tests.sort(key=lambda folder: (part_word(folder) != "test", len(folder)))
    test = tests[0] if tests else None
    labelled = test is not None and set(found.get(test, {})) >= set(counts)
    return ClassFolders(train, test, counts, labelled, tuple(tests[1:]))


def _classes_below(survey: Survey, folder: str) -> dict[str, int]:
    """The images of each folder in a folder, where all images lie in such and none is a part."""
    start = "" if folder == "." else f"{folder}/"
    counts: Counter[str] = Counter()
    loose = 0
    for path in survey.images:
        if not path.startswith(start):
            continue
        first, slash, _ = path[len(start) :].partition("/")
        if slash:
            counts[first] += 1
        else:
            loose += 1
    names = {name.casefold() for name in counts}
    parts = any(part_word(name) for name in names) or bool(names & set(PLAIN_WORDS))
    if parts or loose > 0.1 * sum(counts.values()):
        return {}
    return dict(counts)


def part_word(folder: str) -> str:
    """`train`, `valid` or `test` where a folder's own name says so; else ''."""
    words = PurePosixPath(folder).name.casefold().replace("-", "_").split("_")
    for part, known in (("train", TRAIN_WORDS), ("valid", VALID_WORDS), ("test", TEST_WORDS)):
        if set(words) & set(known):
            return part
    return ""
