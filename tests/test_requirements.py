"""What is installed without its dependencies brings them along, or requirements.txt does."""

import re
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement

from pipeline.storage import PROJECT

STANDS_IN = {"opencv-python": "opencv-python-headless"}  # the same cv2 without a screen's libraries


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def listed(file: str) -> list[Requirement]:
    lines = (PROJECT / file).read_text().splitlines()
    found = [line.partition("#")[0].strip() for line in lines]
    return [Requirement(line) for line in found if line]


def needed(wanted: Requirement) -> list[Requirement]:
    """What a package asks for on this machine, with the extras that are wanted of it."""
    found = [Requirement(one) for one in requires(wanted.name) or ()]
    extras = [*wanted.extras, ""]
    return [
        one
        for one in found
        if one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras)
    ]


@pytest.mark.parametrize("file", ["facenet", "explain", "demo"])
def test_nothing_is_missing_where_dependencies_are_left_out(file: str) -> None:
    there, waiting = set(), listed("requirements.txt")
    while waiting:  # installed with all that they need
        one = waiting.pop()
        if normal(one.name) not in there:
            there.add(normal(one.name))
            waiting += needed(one)
    alone = listed(f"requirements-{file}.txt")
    there |= {normal(one.name) for one in alone}
    missing = {}
    for one in alone:
        try:
            asked = [normal(each.name) for each in needed(one)]
        except PackageNotFoundError:
            pytest.skip(f"{one.name} is not installed here")
        missing |= {name: one.name for name in asked if STANDS_IN.get(name, name) not in there}
    assert not missing, "which is asked for by"
