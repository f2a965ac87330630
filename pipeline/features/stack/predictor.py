"""The layers that stack kept, fitted again on the same OOF predictions, for new images.

Layers are deterministic, so this is what stack's submission was made with; but for pooling, which
needs many images of one person and is left out here.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from pipeline.config import Experiment
from pipeline.evaluation.answer_rows import judge_answers
from pipeline.experiment.blend import answer_spaces
from pipeline.experiment.cells import used_members
from pipeline.experiment.predictions import read_predictions
from pipeline.features.stack.layers import Layers
from pipeline.features.stack.load import gather_predictions, plain_mean
from pipeline.inference.choice import STACK, check_stack
from pipeline.metrics.answer_space import AnswerSpace
from pipeline.storage import Runs, read_json


class StackPredictor:
    """Kept layers, fitted on everybody's OOF predictions. Raises ValueError where stack has not
    run."""

    def __init__(self, settings: Experiment, runs: Runs) -> None:
        check_stack(settings, runs)
        self._settings = settings
        tables = {name: read_predictions(runs, name, "oof") for name in used_members(settings)}
        judged = judge_answers(settings, runs, tables)
        evaluation, tables = judged.evaluation, judged.tables
        self.evaluation = evaluation
        self.pooling = {name: choice.rule for name, choice in judged.choices.items()}  # by answer
        kept = {
            part["answer"]: part["kept"]
            for part in read_json(runs.stacked.with_suffix(".json"))["parts"]
        }
        ids = evaluation.images["image_id"]
        rows = np.arange(len(evaluation.images))
        self._layers = {}
        for space in answer_spaces(settings):
            state = gather_predictions(tables, image_ids=ids, space=space, settings=settings)
            slots = Layers(settings.stack, evaluation, space, state).by_slot()
            known = {layer.name: layer for layers in slots.values() for layer in layers}
            found = []
            for name in kept[space.name]:
                if name in known:  # pooling is not
                    fitted = known[name].fit(state, rows)
                    found.append((known[name], fitted))
                    state = known[name].apply(fitted, state)
            self._layers[space] = found

    @property
    def spaces(self) -> list[AnswerSpace]:
        """What is answered."""
        return list(self._layers)

    def answer(
        self, tables: Mapping[str, pd.DataFrame], image_ids: Sequence[str]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """By answer the probabilities (N, C), and the answers (N,) where a decision was fitted."""
        outputs, decided = {}, {}
        for space, found in self._layers.items():
            state = gather_predictions(
                tables, image_ids=image_ids, space=space, settings=self._settings
            )
            for layer, fitted in found:
                after = layer.apply(fitted, state)
                if isinstance(after, np.ndarray):
                    decided[space.name] = after
                else:
                    state = after
            outputs[space.name] = state.joint()
            if not found:  # the same to the last digit as what stack wrote
                images = pd.DataFrame({"image_id": list(image_ids)})
                outputs[space.name] = plain_mean(self._settings, space, tables, images)
        return outputs, decided


def load_stack_layers(settings: Experiment, runs: Runs, *, by: str) -> StackPredictor | None:
    """The layers for a predictor that answers `by` stack; None for any other."""
    return StackPredictor(settings, runs) if by == STACK else None
