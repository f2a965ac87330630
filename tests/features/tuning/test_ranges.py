import shlex

import pytest

from pipeline.features.tuning.ranges import Choices, Range, long_command, merge_settings, read_range


def test_a_range_and_choices_are_told_apart() -> None:
    assert read_range("k", (1e-5, 1e-2, "log")) == Range(1e-5, 1e-2, log=True, whole=False)
    assert read_range("k", (2, 8, "linear")) == Range(2, 8, log=False, whole=True)
    assert read_range("k", (16, 32, 64)) == Choices((16, 32, 64), (16, 32, 64))
    choices = read_range("k", ([], [{"HorizontalFlip": {"p": 0.5}}]))
    assert choices.value(choices.names[1]) == [{"HorizontalFlip": {"p": 0.5}}]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((1e-2, 1e-5, "log"), "low must be below high"),
        ((0.0, 1.0, "log"), "above 0"),
        (("a", "b", "log"), "needs two numbers"),
        ((1,), "different choices"),
        ((1, 1), "different choices"),
    ],
)
def test_what_is_no_range_is_a_sentence_with_the_key(words: tuple, said: str) -> None:
    with pytest.raises(ValueError, match=rf"^a\.b: .*{said}"):
        read_range("a.b", words)


def test_changes_lie_over_a_copy() -> None:
    raw = {"members": {"m": {"lr": 0.1, "epochs": 3}}, "crop": None}
    changed = merge_settings(raw, {"members.m.lr": 0.5, "crop.size": 64})
    assert changed == {"members": {"m": {"lr": 0.5, "epochs": 3}}, "crop": {"size": 64}}
    assert raw["members"]["m"]["lr"] == 0.1


def test_the_long_command_is_the_typed_one_for_train() -> None:
    words = ["./run.sh", "tune", "-c", "my faces", "members.m.lr=1", "tune.trials=9", "root=/d"]
    changes = {"members.m.lr": 0.00312345, "members.m.augment": [{"Flip": {}}]}
    command = long_command(words, changes, stages=("tune", "train"))
    assert shlex.split(command) == [
        *("./run.sh", "train", "-c", "my faces", "root=/d", "members.m.lr=0.003123"),
        'members.m.augment=[{"Flip": {}}]',
    ]
