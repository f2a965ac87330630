"""What goes wrong inside a cell: full memory is noted, a lost loss says what is left of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.experiment.work import Work
from pipeline.images.dataset import ImageError
from pipeline.models.gradient import NotFiniteError
from pipeline.storage import Cell, display_path, write_json

STOPS_A_CELL = (NotFiniteError, ImageError)  # the other cells of the experiment go on


class Pieces:
    """Notes into how many pieces a full memory makes a cell cut its batches, for the eye only: the
    next epoch tries them whole again, so what others took of the memory leaves no trace."""

    def __init__(self, work: Work, cell: Cell, *, batch_size: int) -> None:
        self.path, self.cell, self.batch_size = work.runs.memory(cell), cell, batch_size
        self.said = 1

    def on_split(self, num_micro_batches: int) -> None:
        """Writes, and says once, that the rest of the epoch is learnt in so many pieces."""
        write_json(self.path, {"pieces": num_micro_batches, "batch_size": self.batch_size})
        if num_micro_batches > self.said:
            self.said = num_micro_batches
            print(
                f"train: {self.cell.name}: the device's memory is full; batches of "
                f"{self.batch_size} are learnt in {num_micro_batches} pieces until the "
                "epoch ends, with the "
                "same gradient (BatchNorm sees each piece alone); the next one tries them whole"
            )

    def ended(self, num_micro_batches: int) -> None:
        """After an epoch that ended with so many pieces: one that ran whole takes the note away."""
        if num_micro_batches == 1:
            self.path.unlink(missing_ok=True)
            self.said = 1


@contextmanager
def last_checkpoint_named(work: Work, cell: Cell) -> Iterator[None]:
    """Adds to what stops a cell where its last good state lies."""
    try:
        yield
    except STOPS_A_CELL as error:
        path = work.runs.checkpoint(cell)
        kept = (
            f"the last good state is {display_path(path)}"
            if path.exists()
            else "no epoch was finished"
        )
        raise type(error)(f"{cell.name}: {error}; {kept}") from None
