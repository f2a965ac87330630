import pytest

from pipeline.config.yaml12 import read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [("1e-4", 1e-4), ("no", "no"), ("0123", "0123"), ("3", 3), (".5", 0.5), ("true", True)],
)
def test_words_are_what_they_look_like(text: str, value: object) -> None:
    found, _ = read_yaml(f"key: {text}", name="a.yaml")
    assert found == {"key": value}
    assert type(found["key"]) is type(value)


def test_quoted_words_stay_words_and_lines_are_known() -> None:
    found, lines = read_yaml("a: '1'\nb:\n  - {c: 2}\n", name="a.yaml")
    assert found == {"a": "1", "b": [{"c": 2}]}
    assert lines["b", 0, "c"] == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: 1\na: 2", "a.yaml line 2: 'a' stands twice"),
        ("a: [1", "a.yaml line"),
        ("a:\n\tb: 1", "a.yaml line 2: a tab; YAML is indented with spaces"),
        ("a: !!python/object:os.system x", "not allowed"),
        ("a: &x [*x]", "contains itself"),
    ],
)
def test_what_is_refused_is_named(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("(", "\\(")):
        read_yaml(text, name="a.yaml")
