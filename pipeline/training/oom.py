"""What goes wrong inside a cell: full memory is remembered, a lost loss says what is left of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.experiment.work import Work
from pipeline.images.dataset import PictureError
from pipeline.models.gradient import NotFiniteError
from pipeline.storage import Cell, read_json, shown, write_json

STOPS_A_CELL = (NotFiniteError, PictureError)  # the other cells of the experiment go on


def remember_pieces(work: Work, cell: Cell, pieces: int, *, batch_size: int) -> None:
    """Writes, and says, that a cell's batches are learnt in pieces from now on."""
    write_json(work.runs.memory(cell), {"pieces": pieces, "batch_size": batch_size})
    print(
        f"train: {cell.name}: the device's memory is full; batches of {batch_size} are learnt in "
        f"{pieces} pieces from here on, with the same gradient (BatchNorm sees each piece alone)"
    )


def read_pieces(work: Work, cell: Cell) -> int:
    """The pieces that a cell's batches were cut into when it was last trained; 1 at first."""
    path = work.runs.memory(cell)
    if not path.exists():
        return 1
    found = read_json(path)
    pieces = found.get("pieces") if isinstance(found, dict) else None
    if not isinstance(pieces, int) or pieces < 1:
        raise ValueError(f"{shown(path)}: no number of pieces; without it batches are tried whole")
    return pieces


@contextmanager
def last_checkpoint_named(work: Work, cell: Cell) -> Iterator[None]:
    """Adds to what stops a cell where its last good state lies."""
    try:
        yield
    except STOPS_A_CELL as error:
        path = work.runs.checkpoint(cell)
        kept = f"the last good state is {shown(path)}" if path.exists() else "no epoch was finished"
        raise type(error)(f"{cell.name}: {error}; {kept}") from None
