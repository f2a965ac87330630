"""What goes wrong inside a cell: out of memory is logged, an error names the last checkpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.images.dataset import ImageError
from pipeline.models.gradient import NotFiniteError
from pipeline.storage import Cell, display_path, write_json

STOPS_A_CELL = (NotFiniteError, ImageError)  # the other cells of the experiment go on


class MicroBatchLog:
    """Logs into how many pieces a full memory splits a cell's batches.

    The file is only for people to read: the next epoch tries whole batches again, so memory that
    other processes took for a while has no lasting effect.
    """

    def __init__(self, path: Path, cell: Cell, *, batch_size: int, accumulate: int = 1) -> None:
        self.path = path
        self.cell = cell
        self.batch_size = batch_size
        self.accumulate = accumulate  # pieces that were asked for
        self.most_printed = accumulate

    def on_split(self, num_micro_batches: int) -> None:
        """Writes the number of pieces, and prints it when it has grown."""
        write_json(
            self.path, {"num_micro_batches": num_micro_batches, "batch_size": self.batch_size}
        )
        if num_micro_batches > self.most_printed:
            self.most_printed = num_micro_batches
            print(
                f"train: {self.cell.name}: the device's memory is full; batches of "
                f"{self.batch_size} are learnt in {num_micro_batches} pieces until the "
                "epoch ends, with the same gradient (BatchNorm sees each piece alone); "
                f"the next one tries {self._asked()}"
            )

    def on_epoch_end(self, num_micro_batches: int) -> None:
        """Removes the file after an epoch whose batches were learnt as was asked for."""
        if num_micro_batches == self.accumulate:
            self.path.unlink(missing_ok=True)
            self.most_printed = self.accumulate

    def _asked(self) -> str:
        return "them whole" if self.accumulate == 1 else f"{self.accumulate} pieces again"


@contextmanager
def last_checkpoint_named(path: Path, cell: Cell) -> Iterator[None]:
    """Adds the path of the last checkpoint to an error that stops a cell."""
    try:
        yield
    except STOPS_A_CELL as error:
        kept = (
            f"the last good state is {display_path(path)}"
            if path.exists()
            else "no epoch was finished"
        )
        raise type(error)(f"{cell.name}: {error}; {kept}") from None
