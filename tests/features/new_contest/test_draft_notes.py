"""Samples that are no CSV with a column for each answer, and what is said of them."""

import json
from pathlib import Path

import pytest

from pipeline.features.new_contest.understand import understand_folder
from tests.features.new_contest.drawn import draw, table

TEST = range(30, 36)


def make(root: Path, *, header: bool = True) -> None:
    draw(root, [*[f"train/{n}.png" for n in range(30)], *[f"test/{n}.png" for n in TEST]])
    rows = [(f"{n}.png", 20 + n, n % 2) for n in range(30)]
    table(root / "train.csv", "id,age,gender" if header else "", rows)


def doubts(root: Path) -> list[str]:
    found = understand_folder(root, beside=root / "made.yaml")
    assert found.draft is not None
    return found.draft.doubts


def test_two_answers_in_a_cell_are_told(tmp_path: Path) -> None:
    make(tmp_path)
    rows = [(f"{n}.png", "30 0") for n in TEST]
    table(tmp_path / "sample_submission.csv", "id,prediction", rows)
    with pytest.raises(ValueError, match=r"2 answers in each cell of prediction \('30 0'\)"):
        understand_folder(tmp_path)


def test_a_sample_without_a_header_is_told_with_the_line_to_write(tmp_path: Path) -> None:
    make(tmp_path, header=False)
    table(tmp_path / "sample_submission.csv", "", [(f"{n}.png", 0, 0) for n in TEST])
    with pytest.raises(ValueError, match=r"has no header.*write 'image,column2,column3' as a line"):
        understand_folder(tmp_path, beside=tmp_path / "made.yaml")


def test_bare_answers_and_json_are_said(tmp_path: Path) -> None:
    make(tmp_path)
    table(tmp_path / "test.csv", "id", [(f"{n}.png",) for n in TEST])
    (tmp_path / "sample_answer.txt").write_text("0\n" * len(TEST))
    (tmp_path / "names.txt").write_text("a\nb\nc\n")
    said = " ".join(doubts(tmp_path))
    assert "a bare value for each of the 6 test images" in said
    assert "not used: names.txt, 3 lines of one value" in said
    (tmp_path / "sample_answer.txt").unlink()
    (tmp_path / "test.csv").unlink()
    (tmp_path / "test.jsonl").write_text("".join(f'{{"id": "{n}.png"}}\n' for n in TEST))
    assert "is no CSV" not in " ".join(doubts(tmp_path)), "the test table is no sample"
    (tmp_path / "test.jsonl").unlink()
    sample = {f"{n}.png": 30 for n in TEST}
    (tmp_path / "sample_submission.json").write_text(json.dumps(sample))
    assert "sample_submission.json is no CSV" in " ".join(doubts(tmp_path))
