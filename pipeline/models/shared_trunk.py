"""What folds have in common is computed once: the layers from the input on that are alike in all.

Layers that a member freezes come out of every fold as they went in, bit by bit. Nothing here
changes a number: the first images are computed both ways, and unless all logits are equal to the
last bit, nothing is shared.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

Answer = dict[str, torch.Tensor]


class SharedLayers:
    """Networks that recall the first one's outputs wherever they are alike from the input on.

    A layer recalls only when its inputs are the very tensors that the first network's layer saw, so
    it never does behind a layer that differs.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        self.networks = list(networks)
        self.kept: dict[str, tuple[tuple, Any]] = {}  # by layer: inputs and output
        self.used: set[str] = set()  # layers that were recalled at least once
        self.wrapped: list[tuple[nn.Module, Callable | None]] = []  # with a forward of their own
        self.proven = False
        self.paths = _alike(self.networks) if len(self.networks) > 1 else []

    def answer(self, batch: torch.Tensor) -> list[Answer]:
        """Every network's logits of a batch, float32."""
        if self.paths and not self.proven:
            self._prove(batch[:2])
        return self._answer(batch)

    def _answer(self, batch: torch.Tensor) -> list[Answer]:
        try:
            answers = [network(batch) for network in self.networks]
        finally:
            self.kept.clear()
        return [{task: value.float() for task, value in logits.items()} for logits in answers]

    def _prove(self, batch: torch.Tensor) -> None:
        """Keeps the layers that are recalled; none, unless that changes no logit."""
        plain = self._answer(batch)
        self._wrap(self.paths)
        shared = self._answer(batch)
        self.release()
        self.paths = [path for path in self.paths if path in self.used]
        if not all(_equal(*both) for both in zip(plain, shared, strict=True)):
            self.paths = []
        self._wrap(self.paths)
        self.proven = True

    def _wrap(self, paths: Sequence[str]) -> None:
        for number, network in enumerate(self.networks):
            for path in paths:
                layer = network.get_submodule(path)
                self.wrapped.append((layer, vars(layer).get("forward")))
                layer.forward = self._recalling(path, layer.forward, first=number == 0)

    def _recalling(self, path: str, forward: Callable, *, first: bool) -> Callable:
        def recall(*inputs: object, **options: object) -> object:
            kept = None if first or options else self.kept.get(path)
            if kept is not None and len(kept[0]) == len(inputs):
                same = all(a is b for a, b in zip(kept[0], inputs, strict=True))
                if same:
                    self.used.add(path)
                    return kept[1]
            output = forward(*inputs, **options)
            if first and not options:
                self.kept[path] = (inputs, output)
            return output

        return recall

    def release(self) -> None:
        """Gives the layers their own `forward` back."""
        for layer, forward in self.wrapped:
            if forward is None:
                del layer.forward
            else:
                layer.forward = forward
        self.wrapped.clear()


def _alike(networks: Sequence[nn.Module]) -> list[str]:
    """The outermost layers that are alike in all networks, in the order of their definition."""
    found: list[str] = []

    def look(path: str, layers: Sequence[nn.Module]) -> None:
        if path and _are_equal(layers):
            found.append(path)
            return
        for name, _ in layers[0].named_children():
            found_inside = [getattr(layer, name, None) for layer in layers]
            inner = [layer for layer in found_inside if layer is not None]
            if len(inner) == len(layers):
                look(f"{path}.{name}" if path else name, inner)

    look("", networks)
    return found


def _are_equal(layers: Sequence[nn.Module]) -> bool:
    """Whether layers say the same of themselves and hold the same numbers."""
    first = layers[0]
    state = layers[0].state_dict()
    for other in layers[1:]:
        theirs = other.state_dict()
        if repr(other) != repr(first) or theirs.keys() != state.keys():
            return False
        if not all(torch.equal(state[key], theirs[key]) for key in state):
            return False
    return True


def _equal(one: Answer, other: Answer) -> bool:
    return all(torch.equal(one[task], other[task]) for task in one)
