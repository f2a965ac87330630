"""What help and the docs say of the settings."""

import pytest

from pipeline.config.reference import find_settings, list_settings


def test_every_setting_has_a_key_a_type_and_a_default() -> None:
    known = {one.key: one for one in list_settings()}
    assert known["crop.margin"].kind == "number (at least 0, at most 3)"
    assert known["crop.margin"].default == "0.25"
    assert known["crop.faces"].kind == "detect | given | centre"
    assert known["members.NAME.backbone"].default is None, "it must be given"
    assert known["members.NAME.tasks.TASK.loss"].default == "null"
    assert known["folds.train"].kind == "list of whole number (at least 0) | null"
    assert known["compile"].default == "false"
    assert "name" not in known, "the file's name is no key"
    assert all(one.kind != "value" for one in known.values())


def test_every_setting_has_a_text_that_is_a_sentence() -> None:
    without = [one.key for one in list_settings() if not one.text.endswith(".")]
    assert without == [], "write what it does, its unit, what the default means, when to change it"


@pytest.mark.parametrize(
    ("word", "keys"),
    [
        ("crop.margin", ["crop.margin"]),
        ("members.age.lr", ["members.NAME.lr"]),
        ("lr", ["members.NAME.lr"]),
        ("infer", ["infer.use", "infer.batch_size"]),
    ],
)
def test_a_setting_is_found_by_its_key_its_part_or_its_last_word(
    word: str, keys: list[str]
) -> None:
    assert [one.key for one in find_settings(word)] == keys


def test_a_word_that_is_no_setting_gets_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"no setting 'crop.margn'; did you mean crop.margin"):
        find_settings("crop.margn")
