"""A member, and an ensemble, as one module from uint8 crops to probabilities: what is exported.

It says what infer and ensemble say, in torch, so that a graph can be taken of it: resize, views,
all cells, their heads read, and the blend.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from pipeline.labels.tasks import Task
from pipeline.models.logits import ToInput, View
from pipeline.models.network import to_probs
from pipeline.models.shared_trunk import SharedLayers
from pipeline.models.torch_blending import LEAST, geometric, hard_vote, marginal, median, product

WHOLE = "answer"  # the head for the product of all tasks
CROPS = "crops"  # the input where all members look at the same crops


class Resize(nn.Module):
    """uint8 (N, S, S, 3) at another side: `matrix` (side, S) says how much of each old pixel a new
    one holds, the same in rows and columns, as an area mean and a cubic curve do."""

    matrix: torch.Tensor

    def __init__(self, matrix: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("matrix", matrix)

    def forward(self, crops: torch.Tensor) -> torch.Tensor:
        """Crops (N, h, w, 3) float32 of whole grey levels, of crops (N, S, S, 3) uint8."""
        pixels = crops.permute(0, 3, 1, 2).float()
        pixels = self.matrix @ pixels @ self.matrix.T
        return pixels.round().clamp(0.0, 255.0).permute(0, 2, 3, 1)


class MemberModel(nn.Module):
    """uint8 crops (N, S, S, 3) to (N, C) for each task: cells and views averaged.

    Layers that all cells have in common, frozen ones, are computed once and kept once.
    """

    def __init__(
        self,
        networks: Sequence[nn.Module],
        *,
        tasks: Sequence[Task],
        losses: Mapping[str, str],
        views: Sequence[View],
        to_input: ToInput,
        size: int,
        resize: nn.Module | None = None,
        crops: str = CROPS,
    ) -> None:
        super().__init__()
        self.inputs = (crops,)
        self.networks, self.resize = nn.ModuleList(networks).eval(), resize or nn.Identity()
        _freshen(self.networks)
        self.tasks = list(tasks)
        self.losses = dict(losses)
        self.views = list(views)
        self.to_input = to_input
        self.shared = SharedLayers(list(self.networks))
        with torch.inference_mode():
            self.shared.answer(torch.randn(2, 3, size, size, generator=torch.Generator()))
        for path in self.shared.paths:
            _tie([network.get_submodule(path) for network in self.networks])

    @property
    def names(self) -> list[str]:
        """The tasks, in the order of the outputs."""
        return [task.name for task in self.tasks]

    def votes(self, crops: torch.Tensor) -> dict[str, torch.Tensor]:
        """By task (K, N, C): every cell's word, its views averaged."""
        batch = self.to_input(self.resize(crops))
        seen = torch.cat([look(batch) for look in self.views]) if self.views else batch
        answers = self.shared.answer(seen)
        return {
            task.name: torch.stack(
                [
                    _mean_of_views(
                        to_probs(each[task.name], task=task, loss=self.losses[task.name]),
                        len(self.views),
                    )
                    for each in answers
                ]
            )
            for task in self.tasks
        }

    def forward(self, crops: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """By task the probabilities or values (N, C), averaged over cells and views."""
        votes = self.votes(crops)
        return tuple(votes[name].mean(dim=0) for name in self.names)


@dataclass(frozen=True)
class Output:
    """One output of an ensemble: its name, kind, the tasks multiplied in it and their classes."""

    name: str
    kind: str
    tasks: tuple[str, ...]
    sizes: tuple[int, ...]


class EnsembleModel(nn.Module):
    """uint8 crops (N, S, S, 3) of each input to (N, C) for each output, in their order."""

    def __init__(
        self,
        members: Mapping[str, MemberModel],
        *,
        outputs: Sequence[Output],
        method: str,
        weights: Mapping[str, float],
        inputs: Mapping[str, str] | None = None,
    ) -> None:
        """`inputs` names each member's crops; one input serves all where it is not given."""
        super().__init__()
        counted = {name: model for name, model in members.items() if weights[name] > 0}
        self._crops_of = {name: (inputs or {}).get(name, CROPS) for name in counted}
        self.inputs = tuple(dict.fromkeys(self._crops_of.values()))
        self.order, self.members = list(counted), nn.ModuleList(counted.values())
        self.outputs, self.method, self.weights = list(outputs), method, dict(weights)

    @property
    def names(self) -> list[str]:
        """The answers, in the order of the outputs."""
        return [output.name for output in self.outputs]

    def forward(self, *crops: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """By answer the probabilities or values (N, C), as infer and ensemble give them."""
        by_input = dict(zip(self.inputs, crops, strict=True))
        said = {}
        for name, model in zip(self.order, self.members, strict=True):
            assert isinstance(model, MemberModel)  # ModuleList does not say what it holds
            said[name] = model.votes(by_input[self._crops_of[name]])
        return tuple(self._answer(output, said) for output in self.outputs)

    def _answer(self, output: Output, said: Mapping[str, dict]) -> torch.Tensor:
        if len(output.tasks) == 1:
            only, _ = self._blend(output.tasks[0], output.kind, said)
            assert only is not None, "the settings have seen that somebody answers every task"
            return only
        joint, total = self._blend(WHOLE, "multiclass", said)
        singles = [self._blend(task, "multiclass", said) for task in output.tasks]
        known = [single for single, _ in singles if single is not None]
        if joint is None:
            return product(known)
        if not known:
            return joint
        filled = [
            marginal(joint, output.sizes, place) if single is None else single
            for place, (single, _) in enumerate(singles)
        ]
        other = min(weight for single, weight in singles if single is not None)
        return (total * joint + other * product(filled)) / (total + other)

    def _blend(
        self, task: str, kind: str, said: Mapping[str, dict]
    ) -> tuple[torch.Tensor | None, float]:
        """A task's (N, C) and its weight among others; None and 0 where nobody answers it."""
        votes = {name: each[task] for name, each in said.items() if task in each}
        if not votes:
            return None, 0.0
        if self.method in ("soft_vote", "hard_vote"):
            every = torch.cat(list(votes.values()))
            weight = float(sum(len(each) for each in votes.values()))
            soft = every.mean(dim=0)
            return (soft if self.method == "soft_vote" else hard_vote(every, kind, soft)), weight
        each = torch.stack([vote.mean(dim=0) for vote in votes.values()])
        weights = torch.tensor([self.weights[name] for name in votes], dtype=each.dtype)
        weight = float(sum(self.weights[name] for name in votes))
        if self.method == "geometric":
            return geometric(each, kind), weight
        if self.method == "median":
            middle = median(each)
            whole = middle.sum(dim=1, keepdim=True).clamp(min=LEAST)
            is_score = middle.shape[1] == 1 or kind == "multilabel"
            return (middle if is_score else middle / whole), weight
        shares = (weights / weights.sum()).to(each.device)
        return (shares[:, None, None] * each).sum(dim=0), weight


def _freshen(module: nn.Module) -> None:
    """Copies what was computed in inference mode: no graph can be taken of it."""
    for layer in module.modules():
        for name, value in layer._parameters.items():
            if value is not None:
                layer._parameters[name] = nn.Parameter(value.detach().clone(), requires_grad=False)
        for name, buffer in layer._buffers.items():
            if buffer is not None:
                layer._buffers[name] = buffer.detach().clone()


def _tie(layers: Sequence[nn.Module]) -> None:
    """Gives equal layers the first one's very tensors, so that they are kept once."""
    for other in layers[1:]:
        for mine, theirs in zip(layers[0].modules(), other.modules(), strict=True):
            theirs._parameters.update(mine._parameters)
            theirs._buffers.update(mine._buffers)


def _mean_of_views(probs: torch.Tensor, num: int) -> torch.Tensor:
    return probs if num < 2 else probs.reshape(num, -1, probs.shape[1]).mean(dim=0)
