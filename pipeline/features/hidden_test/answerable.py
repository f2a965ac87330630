"""Whether a run can answer images that it has not seen yet."""

from pipeline.config import Experiment
from pipeline.console.installation import COMMAND
from pipeline.experiment.blend import answer_spaces
from pipeline.experiment.cells import used_members
from pipeline.inference.choice import missing_weights
from pipeline.inference.ensemble_spec import decided_pooling, decided_thresholds
from pipeline.labels.answer_groups import is_grouped
from pipeline.storage import Runs, read_table


def check_answerable(settings: Experiment, runs: Runs, *, words: str) -> None:
    """Raises ValueError where a cell is not trained, or a threshold is still to be chosen. `words`
    are the command that asks, with which the sentence begins."""
    gone = missing_weights(settings, runs, used_members(settings))
    if gone:
        raise ValueError(f"{words}: {gone} is not there; first {COMMAND} train {settings.as_typed}")
    thresholds = decided_thresholds(settings, runs)
    for space in answer_spaces(settings):
        if space.kind in ("binary", "multilabel") and space.name not in thresholds:
            raise ValueError(
                f"{words}: the threshold of {space.name} is chosen on OOF and is not known yet; "
                f"first {COMMAND} infer {settings.as_typed}"
            )
    if is_grouped(read_table(runs.images)) and not decided_pooling(settings, runs):
        raise ValueError(
            f"{words}: how the images of one answer are put together (answer.pooling) is chosen on "
            f"OOF and is not known yet; first {COMMAND} infer {settings.as_typed}"
        )
