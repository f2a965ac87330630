"""YAML text to plain values, with the line of every key. YAML 1.2's scalars, no duplicate keys.

PyYAML follows YAML 1.1, where `1e-4` is a string, `no` is False and `0123` is 83. A learning rate,
a country code and an image id must come out as what they look like, so the scalars are read again.
"""

import re
from pathlib import Path
from typing import Any

import yaml

Key = tuple[str | int, ...]
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}


def read_scalar(text: str) -> Any:
    """The value an unquoted word stands for: bool, None, int, float or the word itself."""
    small = text.lower()
    if small in _WORDS and text in (small, text.capitalize()):  # true and True, but not tRUE
        return _WORDS[small]
    if _INTEGER.fullmatch(text):
        return int(text)
    is_id = re.fullmatch(r"[-+]?0[0-9]+", text) is not None  # 0123 keeps its zero
    if _FLOAT.fullmatch(text) and not is_id:
        return float(text)
    return text


def read_yaml(text: str, *, name: str) -> tuple[Any, dict[Key, int]]:
    """The value of a YAML text, and the line (from 1) of every key path in it.

    Raises ValueError naming the file and line for text that is not YAML or repeats a key.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        if "'\\t'" in str(error.problem):
            raise ValueError(
                f"{name} line {line}: a tab; YAML is indented with spaces, so put spaces there"
            ) from None
        raise ValueError(
            f"{name} line {line}: not YAML: {error.problem or error.context}"
        ) from None
    except yaml.YAMLError as error:
        raise ValueError(f"{name}: not YAML: {' '.join(str(error).split())}") from None
    lines: dict[Key, int] = {}
    return (None if node is None else _build(node, (), lines, name, frozenset())), lines


def read_yaml_file(path: Path) -> tuple[Any, dict[Key, int]]:
    """As read_yaml, for a file; raises ValueError for text that is not UTF-8."""
    try:
        return read_yaml(path.read_text(encoding="utf-8-sig"), name=str(path))
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 text at byte {error.start}") from None


def _build(node: yaml.Node, key: Key, lines: dict[Key, int], name: str, above: frozenset) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(key, line)
    if id(node) in above:
        raise ValueError(f"{name} line {line}: an alias that contains itself")
    above = above | {id(node)}
    if isinstance(node, yaml.ScalarNode):
        if node.tag not in _PLAIN_TAGS:
            raise ValueError(f"{name} line {line}: the tag {node.tag} is not allowed")
        return read_scalar(node.value) if node.style is None else node.value
    if isinstance(node, yaml.SequenceNode):
        children = enumerate(node.value)
        return [_build(child, (*key, i), lines, name, above) for i, child in children]
    values: dict[str, Any] = {}
    for key_node, child in node.value:
        word = str(getattr(key_node, "value", ""))
        if not isinstance(key_node, yaml.ScalarNode) or not word:
            raise ValueError(f"{name} line {line}: a key must be a word")
        if word in values:
            spot = key_node.start_mark.line + 1
            raise ValueError(f"{name} line {spot}: {word!r} stands twice in the same place")
        lines[(*key, word)] = key_node.start_mark.line + 1
        values[word] = _build(child, (*key, word), lines, name, above)
    return values


_PLAIN_TAGS = {
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
}
