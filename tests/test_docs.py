"""The manual: generated pages are fresh, links lead somewhere, README stays short."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from pipeline.config.yaml12 import read_yaml_file

PROJECT = Path(__file__).parent.parent
PAGES = sorted([PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *PROJECT.glob("docs/*.md")])


def test_generated_pages_are_fresh() -> None:
    command = [sys.executable, str(PROJECT / "docs/generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "stale",
    [
        "docs/settings.md",
        "docs/metrics.md",
        "configs/schema.json",
        "configs/competitions/schema.json",
        "requirements.txt",
        "requirements-export.txt",
    ],
)
def test_a_stale_page_is_found_and_made_again(
    stale: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One character is planted at the end of each in turn."""
    from docs import generate

    fresh = {tmp_path / path.relative_to(PROJECT): text for path, text in generate.pages().items()}
    for path, text in fresh.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(generate, "PROJECT", tmp_path)
    monkeypatch.setattr(generate, "pages", lambda: fresh)
    assert generate.main(["--check"]) == 0
    page = tmp_path / stale
    page.write_text(fresh[page] + "x", encoding="utf-8")
    assert generate.main(["--check"]) == 1
    assert f"stale: {stale}; run python docs/generate.py" in capsys.readouterr().err
    assert page.read_text(encoding="utf-8") == fresh[page] + "x"
    assert generate.main([]) == 0
    assert page.read_text(encoding="utf-8") == fresh[page]


@pytest.mark.parametrize("folder", ["configs", "configs/competitions"])
def test_editors_find_the_schema_of_every_shipped_file_and_it_fits(folder: str) -> None:
    validator = Draft202012Validator(json.loads((PROJECT / folder / "schema.json").read_text()))
    for path in sorted((PROJECT / folder).glob("*.yaml")):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        assert first == "# yaml-language-server: $schema=schema.json", path
        raw, _ = read_yaml_file(path)
        assert [error.message for error in validator.iter_errors(raw)] == [], path
    assert list(validator.iter_errors({"compettion": "masks"}))


def test_the_manual_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("material", reason="pip install -r requirements-test.txt")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]
    done = subprocess.run(
        [*command, "--site-dir", str(tmp_path / "site")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site/settings/index.html").is_file()


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
