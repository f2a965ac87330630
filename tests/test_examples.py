"""examples/: the notebook runs as it is committed, and the contest is what its script draws."""

from pathlib import Path

import pytest

from examples import make_contest
from pipeline.storage import PROJECT

EXAMPLES = PROJECT / "examples"
MOST_BYTES = 120_000  # of the drawn images together


def shown(cell: dict) -> list[str]:
    """The head line of every table that a cell shows: its columns. Numbers differ by machine."""
    found = []
    for output in cell.get("outputs", []):
        text = output.get("data", {}).get("text/plain")
        if text is not None:
            found.append(" ".join(text.partition("\n")[0].split()))
    return found


def test_the_notebook_runs_and_shows_the_tables_that_are_committed(tmp_path: Path) -> None:
    pytest.importorskip("nbclient", reason="pip install -r requirements-test.txt")
    pytest.importorskip("ipykernel", reason="pip install -r requirements-test.txt")
    import nbformat

    from examples.execute_notebook import NOTEBOOK, copy_examples, execute

    committed = nbformat.read(EXAMPLES / NOTEBOOK, as_version=4)
    made = execute(copy_examples(tmp_path))
    assert len(made.cells) == len(committed.cells)
    for now, then in zip(made.cells, committed.cells, strict=True):
        says = f"cell {now.id}: run python examples/execute_notebook.py"
        assert shown(now) == shown(then), says
    assert (tmp_path / "submissions/contest.csv").is_file()
    text = (EXAMPLES / NOTEBOOK).read_text(encoding="utf-8")
    assert "/tmp" not in text
    assert "stderr" not in text


def test_the_drawn_contest_is_what_its_script_draws(tmp_path: Path) -> None:
    """Tables and names; another OpenCV may write other bytes for the same pixels."""
    make_contest.draw(tmp_path / "contest")
    drawn = sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*"))
    committed = sorted(path.relative_to(EXAMPLES) for path in (EXAMPLES / "contest").rglob("*"))
    assert drawn == [Path("contest"), *committed]
    for name in ("train.csv", "sample_submission.csv"):
        assert (tmp_path / "contest" / name).read_bytes() == (
            EXAMPLES / "contest" / name
        ).read_bytes()
    sizes = [path.stat().st_size for path in (EXAMPLES / "contest/images").iterdir()]
    assert sum(sizes) < MOST_BYTES
