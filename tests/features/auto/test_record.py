"""The record of an earlier command is read, or it is said why it can't be."""

import json
from pathlib import Path

import pytest

from pipeline.features.auto.record import Record, Try, check_tried, read_record


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    record = Record("accuracy", tries=[Try("ridge", "kept", "", [0], 1.0, 0.0, 1.0)])
    record.write(path)
    assert read_record(path, metric="mae", num_answers=1) == record
    path.write_text(json.dumps({"metric": "accuracy", "tries": [], "forecasts": {}}))
    with pytest.raises(ValueError, match="another version"):
        read_record(path, metric="accuracy", num_answers=1)


def test_a_candidate_that_left_the_list_is_named() -> None:
    record = Record("accuracy", tries=[Try("ridge", "kept", "", [0], 1.0, 0.0, 1.0)])
    check_tried(record, Path("record.json"), choices=["ridge", "joint"])
    with pytest.raises(ValueError, match="ridge of "):
        check_tried(record, Path("record.json"), choices=["joint"])
