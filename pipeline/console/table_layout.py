"""Tables of text whose lines fit the terminal: no cell is cut, and no word is broken."""

from collections.abc import Iterator, Sequence

from pipeline.console.wrapping import hang, terminal_width

Row = Sequence[str]


def layout_table(
    rows: Sequence[Row],
    *,
    left: int,
    names: int | None = None,
    indent: int = 0,
    width: int | None = None,
) -> list[str]:
    """The rows, of which the first is the head, as lines with columns of equal width.

    The first `left` columns are flush left. Two spaces stand between columns, or one where the
    lines would be wider than `width` (by default the terminal's, 80 in a file). A table that is
    wider still is printed in blocks one below the other; each begins with the first `names` columns
    (by default the `left` ones), which say what a row is about. Where one cell beside them has no
    room, each row becomes a sentence. Lines begin with `indent` spaces.
    """
    names = left if names is None else names
    room = (terminal_width() if width is None else width) - indent
    columns = range(len(rows[0]))
    widths = [max(len(row[column]) for row in rows) for column in columns]
    lines: list[str] = []
    for gap in ("  ", " "):
        if sum(widths) + len(gap) * (len(widths) - 1) <= room:
            lines = _block(rows, columns, widths, left=left, gap=gap)
            break
    if not lines:
        blocks = _choose_blocks(widths, names=names, room=room)
        for block in blocks or []:
            lines += [""] if lines else []
            lines += _block(rows, block, widths, left=left, gap="  ")
    if not lines:
        lines = list(_sentences(rows, names=names, room=room))
    return [(" " * indent + line).rstrip() for line in lines]


def _block(
    rows: Sequence[Row], columns: Sequence[int], widths: Sequence[int], *, left: int, gap: str
) -> list[str]:
    """The lines of some of the columns."""
    lines = []
    for row in rows:
        words = []
        for column in columns:
            word, width = row[column], widths[column]
            words.append(word.ljust(width) if column < left else word.rjust(width))
        lines.append(gap.join(words).rstrip())
    return lines


def _choose_blocks(widths: Sequence[int], *, names: int, room: int) -> list[list[int]] | None:
    """The columns of each block, as many as have room beside the names; None where a column has
    none in any block."""
    start = list(range(names))
    begun = sum(widths[:names]) + 2 * (names - 1)
    blocks: list[list[int]] = []
    used = room + 1  # no block is open yet
    for column in range(names, len(widths)):
        needed = 2 + widths[column]
        if begun + needed > room:
            return None
        if used + needed > room:
            blocks.append(start.copy())
            used = begun
        blocks[-1].append(column)
        used += needed
    return blocks


def _sentences(rows: Sequence[Row], *, names: int, room: int) -> Iterator[str]:
    """The name of each row, and below it its other cells with the heads of their columns."""
    head, *others = rows
    for row in others:
        name = "  ".join(word for word in row[:names] if word)
        cells = zip(head[names:], row[names:], strict=True)
        known = "; ".join(f"{title} {word}".strip() for title, word in cells if word)
        if name:
            yield from hang("", name, indent=2, columns=room)
        yield from hang("  ", known, indent=4, columns=room)
