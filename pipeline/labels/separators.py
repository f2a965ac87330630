"""What parts the cells of a contest's table, as its header shows."""

SEPARATORS = {"\t": "tabs", ";": "semicolons", "|": "bars"}


def find_separator(text: str) -> str:
    """What parts the cells of the header: commas, or what else stands there and no comma does."""
    header = next((line for line in text.splitlines() if line.strip()), "")
    for separator in SEPARATORS:
        if separator in header and (separator == "\t" or "," not in header):
            return separator
    return ","
