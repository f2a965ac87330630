"""What is written is read back as it was, by the project's own reader and by PyYAML."""

import pytest
import yaml

from pipeline.config.yaml12 import read_yaml
from pipeline.features.new_contest.yaml_writer import Entry, flow, write_yaml


@pytest.mark.parametrize(
    "value",
    [
        *("no", "1", "0.5", ".5", "1e-4", "007", "true", "null", "", "a: b", "x#y", "(25, 32)"),
        *("-1", "a, b", "it's", 'say "x"', "ä ö", "/data/my folder/x", ".", "..", ".jpg", "y", "é"),
        *(3, 0.001, -1.0, True, None, ["a", "1"], {"a b": ["no", 2]}, {"1": "x"}),
    ],
)
def test_every_value_is_read_back(value: object) -> None:
    text = f"key: {flow(value)}\n"
    assert read_yaml(text, name="x")[0] == {"key": value}
    assert yaml.safe_load(text) == {"key": value}


def test_reasons_stand_behind_or_above_and_proposals_are_comments() -> None:
    long = "a reason that does not fit behind its line " * 3
    inside = [Entry("b", 1, "short"), Entry("c", 2, long), Entry("d", "x", "why", proposed=True)]
    text = write_yaml([Entry("a", inside, "all"), Entry(why="a note")])
    assert read_yaml(text, name="x")[0] == {"a": {"b": 1, "c": 2}}
    assert "  b: 1  # short\n" in text
    assert "  # d: x  # why\n" in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_a_number_is_written_whole() -> None:
    assert [flow(value) for value in (5.0, 0.001, 1234567.5, 4.87654321)] == [
        *("5", "0.001", "1234567.5", "4.87654321")
    ]
