"""What a command has said already: a long sentence is said in full once, then a short one."""

_said: set[str] = set()  # of the command that runs now


def is_new(sentence: str) -> bool:
    """Whether this command has not said the sentence yet; from now on it has."""
    is_first = sentence not in _said
    _said.add(sentence)
    return is_first


def forget_said() -> None:
    """Another command begins, in a notebook in the same process."""
    _said.clear()
