"""Whatever is fitted on held-out images, judged on people that it was not fitted on. Pure.

A layer learns from some rows and then changes all. A chain keeps, for every fold, the rows as the
layers fitted on the other folds' people leave them; and once more with layers fitted on everybody:
naive answers, which is how a submission is made and not how it is scored.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

ALL_FOLDS = "everybody"
State = Any  # rows: an array or anything else that `state[rows]` takes rows of
Answer = Callable[[State], np.ndarray]  # (N,) what the metric looks at; or (N, C)


@dataclass(frozen=True)
class Layer:
    """`fit(state, rows)` gets only the rows it may learn from (and where they stand among all);
    `apply(fitted, state)` changes any rows, and never looks at a truth."""

    name: str
    fit: Callable[[State, np.ndarray], Any]
    apply: Callable[[Any, State], State]


@dataclass(frozen=True)
class FittedLayer:
    """A layer on top of a chain: what each fold's people and everybody taught it, and the rows."""

    layer: Layer
    fitted: dict[Any, Any]
    states: dict[Any, State]


@dataclass(frozen=True)
class LayerPipeline:
    """The layers kept so far, and the rows as they leave them: by fold, and by everybody."""

    folds: np.ndarray
    people: np.ndarray  # (N,) a number for each person
    states: dict[Any, State]
    trials: tuple[FittedLayer, ...] = field(default=())

    @classmethod
    def start(cls, state: State, *, folds: np.ndarray, person_ids: np.ndarray) -> "LayerPipeline":
        names = [*np.unique(folds).tolist(), ALL_FOLDS]
        _, people = np.unique(np.asarray(person_ids, dtype=str), return_inverse=True)
        return cls(folds, people, dict.fromkeys(names, state))

    def rows_for(self, name: Any) -> np.ndarray:
        """The rows that may teach a layer: of people who have no image in the fold."""
        if name == ALL_FOLDS:
            return np.arange(len(self.folds))
        held = np.unique(self.people[self.folds == name])
        return np.flatnonzero(~np.isin(self.people, held))

    def attempt(self, layer: Layer) -> FittedLayer:
        """The layer fitted on the other people of every fold, and on everybody."""
        fitted, states = {}, {}
        for name, state in self.states.items():
            rows = self.rows_for(name)
            if not len(rows):  # one fold only: nobody to learn from
                raise ValueError(f"{layer.name}: fold {name} leaves nobody to learn from")
            fitted[name] = layer.fit(state[rows], rows)
            states[name] = layer.apply(fitted[name], state)
        return FittedLayer(layer, fitted, states)

    def keep(self, trial: FittedLayer) -> "LayerPipeline":
        return LayerPipeline(self.folds, self.people, trial.states, (*self.trials, trial))

    def transform(self, state: State) -> State:
        """New rows through the kept layers as everybody taught them."""
        for trial in self.trials:
            state = trial.layer.apply(trial.fitted[ALL_FOLDS], state)
        return state


def naive_answers(found: LayerPipeline | FittedLayer, answer: Answer) -> np.ndarray:
    """The answers (N,) of layers that learnt from the very people they answer for."""
    return answer(found.states[ALL_FOLDS])


def nested_answers(
    found: LayerPipeline | FittedLayer, answer: Answer, *, folds: np.ndarray
) -> np.ndarray:
    """The answers (N,) of each fold by layers that learnt from people who are not in it."""
    answers = None
    for fold in np.unique(folds).tolist():
        held = np.flatnonzero(folds == fold)
        some = answer(found.states[fold][held])
        if answers is None:
            answers = np.zeros((len(folds), *some.shape[1:]), dtype=some.dtype)
        answers[held] = some
    return answers
