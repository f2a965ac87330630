"""The manual: generated pages are fresh, links lead somewhere, README stays short."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PAGES = sorted([PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *PROJECT.glob("docs/*.md")])


def test_generated_pages_are_fresh() -> None:
    command = [sys.executable, str(PROJECT / "docs/generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


def test_a_stale_page_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sys.path.insert(0, str(PROJECT / "docs"))
    import generate

    monkeypatch.setattr(generate, "PROJECT", tmp_path)
    monkeypatch.setattr(generate, "pages", lambda: {tmp_path / "a.md": "new"})
    (tmp_path / "a.md").write_text("old")
    assert generate.main(["--check"]) == 1
    assert (tmp_path / "a.md").read_text() == "old"
    assert generate.main([]) == 0
    assert (tmp_path / "a.md").read_text() == "new"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_readme_is_short() -> None:
    assert len((PROJECT / "README.md").read_text(encoding="utf-8").splitlines()) <= 140


def test_every_page_is_in_the_navigation() -> None:
    navigation = (PROJECT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in PROJECT.glob("docs/*.md"):
        assert page.name in navigation, f"mkdocs.yml: docs/{page.name} is not in nav"
