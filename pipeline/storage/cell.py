"""A cell: what is trained, resumed and counted."""

from dataclasses import dataclass

REFIT = -1  # the fold of a cell that learnt from everybody


@dataclass(frozen=True)
class Cell:
    """One member on one fold with one seed: the unit that is trained, resumed and counted."""

    member: str
    fold: int  # the one held out; REFIT: nobody is
    seed: int

    @property
    def folder(self) -> str:
        """The name of its folder in the member's, as `fold0-seed777`."""
        part = "refit" if self.fold == REFIT else f"fold{self.fold}"
        return f"{part}-seed{self.seed}"

    @property
    def name(self) -> str:
        """As it is printed: `age/fold0-seed777`."""
        return f"{self.member}/{self.folder}"
