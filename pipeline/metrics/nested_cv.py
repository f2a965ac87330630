"""Nested cross-validation of layers that are fitted on held-out images. Pure.

A layer learns from some rows and then changes all. A pipeline of layers keeps, for every fold, the
rows as changed by layers that were fitted on the people of the other folds; and once more by layers
that were fitted on everybody. A submission is made with the latter. Their score on the same people
is naive: it is shown beside the nested one, and decides nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

ALL_FOLDS = "everybody"
State = Any  # rows: an array or anything else that `state[rows]` takes rows of
Answer = Callable[[State], np.ndarray]  # what the metric looks at: (N,), or (N, C) probabilities


@dataclass(frozen=True)
class Layer:
    """`fit(state, rows)` gets only the rows that it may learn from, and their places among all;
    `apply(fitted, state)` changes any rows, and never looks at a truth."""

    name: str
    fit: Callable[[State, np.ndarray], Any]
    apply: Callable[[Any, State], State]


@dataclass(frozen=True)
class FittedLayer:
    """A layer on top of a pipeline: what it learnt without each fold and from everybody, and the
    rows as it leaves them."""

    layer: Layer
    fitted: dict[Any, Any]
    states: dict[Any, State]


@dataclass(frozen=True)
class LayerPipeline:
    """The layers kept so far, and the rows as they leave them: by fold, and by everybody."""

    folds: np.ndarray
    people: np.ndarray  # (N,) a number for each person
    states: dict[Any, State]
    layers: tuple[FittedLayer, ...] = field(default=())

    @classmethod
    def start(cls, state: State, *, folds: np.ndarray, person_ids: np.ndarray) -> "LayerPipeline":
        """A pipeline without layers."""
        names = [*np.unique(folds).tolist(), ALL_FOLDS]
        _, people = np.unique(np.asarray(person_ids, dtype=str), return_inverse=True)
        return cls(folds, people, dict.fromkeys(names, state))

    def training_rows(self, name: Any) -> np.ndarray:
        """The rows that a layer may learn from: of people who have no image in the fold."""
        if name == ALL_FOLDS:
            return np.arange(len(self.folds))
        held = np.unique(self.people[self.folds == name])
        return np.flatnonzero(~np.isin(self.people, held))

    def fit_layer(self, layer: Layer) -> FittedLayer:
        """The layer fitted on the other people of every fold, and on everybody.

        Raises ValueError when there is one fold only, so that nobody is left to learn from.
        """
        fitted, states = {}, {}
        for name, state in self.states.items():
            rows = self.training_rows(name)
            if not len(rows):
                raise ValueError(f"{layer.name}: fold {name} leaves nobody to learn from")
            fitted[name] = layer.fit(state[rows], rows)
            states[name] = layer.apply(fitted[name], state)
        return FittedLayer(layer, fitted, states)

    def with_layer(self, added: FittedLayer) -> "LayerPipeline":
        """The pipeline with one more layer behind its last."""
        return LayerPipeline(self.folds, self.people, added.states, (*self.layers, added))

    def transform(self, state: State) -> State:
        """New rows through the kept layers as fitted on everybody."""
        for kept in self.layers:
            state = kept.layer.apply(kept.fitted[ALL_FOLDS], state)
        return state

    @property
    def names(self) -> list[str]:
        """The names of the layers, in their order."""
        return [kept.layer.name for kept in self.layers]


def naive_answers(found: LayerPipeline | FittedLayer, answer: Answer) -> np.ndarray:
    """The answers of layers to the very people that they were fitted on."""
    return answer(found.states[ALL_FOLDS])


def nested_answers(
    found: LayerPipeline | FittedLayer, answer: Answer, *, folds: np.ndarray
) -> np.ndarray:
    """The answers to each fold by layers that were fitted on people who are not in it."""
    answers = None
    for fold in np.unique(folds).tolist():
        held = np.flatnonzero(folds == fold)
        some = answer(found.states[fold][held])
        if answers is None:
            answers = np.zeros((len(folds), *some.shape[1:]), dtype=some.dtype)
        answers[held] = some
    assert answers is not None  # there is at least one fold
    return answers
