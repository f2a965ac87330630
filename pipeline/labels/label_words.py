"""The words of a text that holds several labels. No numpy: help and the settings answer at once."""

SEPARATOR = "|"  # of labels that come in columns of their own
NOTHING = "(none)"  # where no label is true
UNKNOWN = "?"  # before a label that is not known


def split_text(text: str, *, separator: str) -> list[str]:
    """The words of one image's text; a separator of blanks is any number of them."""
    parts = text.split() if separator.isspace() else text.split(separator)
    return [part.strip() for part in parts if part.strip()]
