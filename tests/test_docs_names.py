"""Every path and name of the code that the pages for engineers show exists, where they say."""

import re
from pathlib import Path

import pytest

from tests.test_arrows import FLOORS

PROJECT = Path(__file__).parent.parent
PAGES = [PROJECT / "docs/architecture.md", PROJECT / "CONTRIBUTING.md"]
FOLDERS = ("", "pipeline", "pipeline/features")  # that a shown path may begin in


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_shown_paths_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"`([\w*.-]+/[\w*./-]*)`", text)
    assert len(shown) > 10
    for path in shown:
        below = [PROJECT / folder for folder in FOLDERS]
        found = any(list(folder.glob(path)) or list(folder.glob(f"{path}.py")) for folder in below)
        assert found, f"{page.name}: {path}"


def test_the_table_of_floors_names_every_room() -> None:
    text = (PROJECT / "docs/architecture.md").read_text(encoding="utf-8")
    table = "\n".join(line for line in text.splitlines() if re.match(r"\| \d \|", line))
    for rooms in FLOORS:
        for room in rooms:
            if (PROJECT / "pipeline" / room).is_dir():
                assert re.search(rf"\b{room}\b", table), room
