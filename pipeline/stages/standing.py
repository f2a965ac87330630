"""How far the work has come, in words: what is said when it is stopped and goes on from there."""

from collections.abc import Sequence

from pipeline.stages import Work
from pipeline.stages.progress import all_cells, is_done


def describe_standing(work: Work, plan: Sequence[str]) -> str:
    """The stages that are done, and of the training its cells and the epochs of those begun."""
    done = [name for name in plan if is_done(work, name)]
    said = [f"done: {', '.join(done) or 'nothing yet'}"]
    if "train" in plan and "train" not in done and work.runs.experiment.exists():
        cells = all_cells(work.settings)
        finished = [cell for cell in cells if work.runs.done(cell).exists()]
        said.append(f"{len(finished)} of {len(cells)} cells")
        for cell in cells:
            history = work.runs.history(cell)
            if cell not in finished and work.runs.checkpoint(cell).exists() and history.exists():
                epochs = len(history.read_text(encoding="utf-8").splitlines())
                said.append(f"{cell.name} after epoch {epochs}")
    return "; ".join(said)
