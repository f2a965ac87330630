"""The list of what auto may try."""

from pathlib import Path

import pytest

from pipeline.config.candidates import read_candidates
from pipeline.storage import PROJECT


def test_the_shipped_list_begins_with_a_baseline() -> None:
    listed = read_candidates(PROJECT / "configs/auto/candidates.yaml")
    first = next(iter(listed.values()))
    assert first.member["head"] == "ridge"
    assert first.machine == "any"
    assert {one.machine for one in listed.values()} == {"any", "cpu", "gpu"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("candidates: {a: {gain: 1, family: x, member: {backbon: y}}}", "backbon"),
        ("candidates: {a: {gain: 0, family: x, member: {backbone: y}}}", "gain"),
        ("candidates: {a: 3}", "must hold gain, family and member"),
        ("defaults: [1]\ncandidates: {a: {gain: 1, family: x, member: {lr: 1}}}", "defaults: must"),
        ("candidates: {'../a': {gain: 1, family: x, member: {backbone: y}}}", "name of a member"),
        ("candidates: {a: {gain: 1, family: x, member: {backbone: y, tasks: {}}}}", "every task"),
        ("candidates: {a: {gain: 1, family: x, member: {backbone: y, soup: b}}}", "other members"),
        (
            "candidates:\n  long: {gain: 1, family: x, member: {backbone: y}}\n"
            "  a: {gain: 1, family: x, quick_form_of: lon, member: {backbone: y}}",
            "line 3: candidates.a.quick_form_of: 'lon' is no .* did you mean 'long'",
        ),
        (  # each would wait for the other
            "candidates:\n  a: {gain: 1, family: x, quick_form_of: b, member: {backbone: y}}\n"
            "  b: {gain: 1, family: x, quick_form_of: a, member: {backbone: y}}",
            "candidates.b.quick_form_of: 'a' is no candidate, or a quick form itself",
        ),
        ("members: {}", "needs `candidates:`"),
    ],
)
def test_a_wrong_list_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        read_candidates(path)


def test_defaults_lie_under_every_section(tmp_path: Path) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(
        "defaults:\n"
        "  {backbone: y, lr: 0.1, schedule: {name: cosine, warmup_epochs: 0.3},"
        " augment: [{HorizontalFlip: {p: 0.5}}]}\n"
        "candidates:\n"
        "  a: {gain: 1, family: x, member: {schedule: {warmup_epochs: 1}, augment: []}}\n",
        encoding="utf-8",
    )
    member = read_candidates(path)["a"].member
    assert member["schedule"] == {"name": "cosine", "warmup_epochs": 1}
    assert member["lr"] == 0.1 and member["augment"] == []
