"""The ensemble with preprocessing as one callable: an image to its faces and their predictions.

predict, demo, export and share answer with it. For a contest's image it gives what infer and
ensemble give, because all of them take `predict_batches`.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd
import torch

from pipeline.config import Experiment
from pipeline.experiment.blend import blend_spaces, blend_task, gather_votes
from pipeline.experiment.cells import answering_cells
from pipeline.experiment.crops import crop_names
from pipeline.experiment.device import choose_device
from pipeline.experiment.member_context import MemberContext, member_context
from pipeline.experiment.predict import load_cell, load_cells, predict_batches
from pipeline.experiment.tasks import contest_tasks
from pipeline.faces.finder import FoundFace
from pipeline.images.transform import fit_size, normalise
from pipeline.inference.choice import ENSEMBLE, STACK
from pipeline.inference.ensemble_spec import choose_ensemble, make_finder
from pipeline.inference.readout import FacePrediction, read_outputs
from pipeline.labels.tasks import Task, decide
from pipeline.models.network import to_probs
from pipeline.storage import Runs


class StackLayers(Protocol):
    """What stack kept: tables of cells to answers. features/stack has it; it is handed in, because
    a service can't import a feature."""

    def answer(
        self, tables: Mapping[str, pd.DataFrame], image_ids: Sequence[str]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]: ...


class FacePredictor:
    """Called with an image (H, W, 3) uint8, upright RGB, it gives the faces and their predictions.

    Raises ValueError for a cell that is not trained, or was trained on other crops or inputs.
    """

    def __init__(
        self,
        settings: Experiment,
        runs: Runs,
        *,
        by: str = ENSEMBLE,
        min_face: float | None = None,
        stack: StackLayers | None = None,
    ) -> None:
        assert (by == STACK) == (stack is not None), "the layers of stack are handed in"
        self.settings, self.runs, self.by = settings, runs, by
        self.spec = choose_ensemble(settings, runs, by)
        self._device, self._precision = choose_device(settings)
        self._members = {name: member_context(settings, name) for name in self.spec.members}
        self._networks = {name: self._load(name) for name in self.spec.members}
        self.finder = make_finder(
            settings, self.spec.members, device=str(self._device), min_face=min_face
        )
        self._crops_of = crop_names(settings)
        self._stack = stack

    def __call__(self, image: np.ndarray) -> list[FacePrediction]:
        found = self.finder.find(image)
        if not found:
            return []
        names = found[0].crops
        outputs, decided = self.answer(
            {name: np.stack([face.crops[name] for face in found]) for name in names}
        )
        read = read_outputs(self.spec.readings, outputs, decided=decided)
        return [
            FacePrediction(tuple(face.box.tolist()), face.how, face.probability, said, answers)
            for face, (said, answers) in zip(found, read, strict=True)
        ]

    def answer(
        self, crops: Mapping[str, np.ndarray]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """The outputs (N, C) by reading, and those answers (N,) that stack decides; of the crops
        (N, S, S, 3) by crop_names."""
        ids = [str(number) for number in range(len(next(iter(crops.values()))))]
        tables = {}
        for name in self.spec.members:
            tables[name] = self.predict(name, crops[self._crops_of[name]], ids)
        outputs: dict[str, np.ndarray] = {}
        decided: dict[str, np.ndarray] = {}
        if self._stack is not None:
            outputs, decided = self._stack.answer(tables, ids)
        elif self.spec.whole:
            outputs = blend_spaces(tables, image_ids=ids, part="test", settings=self.spec.settings)
        for task in self.spec.others:
            outputs[task.name] = self._blend(task, tables, ids)
        return outputs, decided

    def predict(self, member: str, crops: np.ndarray, ids: Sequence[str]) -> pd.DataFrame:
        """The predictions table of a member's answering cells for crops (N, S, S, 3) in memory."""
        context = self._members[member]
        return predict_batches(
            self._networks[member],
            answering_cells(self.settings, member),
            _batches(crops, size=context.transform.size, number=self.settings.infer.batch_size),
            member=context,
            image_ids=pd.Series(list(ids)),
            settings=self.settings,
            device=self._device,
            precision=self._precision,
        )

    def heatmaps(self, image: np.ndarray) -> list[tuple[np.ndarray, str]]:
        """For each task of the main face what spoke for the answer, in the first cell of the first
        member that knows it: images (S, S, 3) with captions."""
        found = self.finder.find(image)
        if not found:
            return []
        maps = []
        for task in contest_tasks(self.settings):
            for member in self._members.values():
                if task.name in member.recipe.tasks:
                    maps.append(self._heatmap(found[0], member, member.task(task.name)))
                    break  # one member a task is enough for a look
        return maps

    def _heatmap(
        self, face: FoundFace, member: MemberContext, task: Task
    ) -> tuple[np.ndarray, str]:
        """The crop (S, S, 3) with what spoke for the member's answer, and the answer in words."""
        from pipeline.figures.overlay import lay_over
        from pipeline.models.grad_cam import find_heatmaps

        found = face.crops[self._crops_of[member.name]]
        crop, loss = fit_size(found, size=member.transform.size), member.losses[task.name]
        # read again: the networks that answer are fused, and gradients need the layers as trained
        cell = answering_cells(self.settings, member.name)[0]
        network = load_cell(self.runs, member, cell, device=self._device)
        pixels = torch.from_numpy(crop[None]).to(self._device)
        inputs = normalise(pixels, transform=member.transform)
        with torch.inference_mode():
            probs = to_probs(network(inputs)[task.name], task=task, loss=loss).cpu().numpy()
        code = decide(task, probs)
        if task.kind == "multilabel":  # one map can show one label: the likeliest
            code = probs.argmax(axis=1)
        codes = code.astype(int).tolist()
        heat = find_heatmaps(network, inputs, task=task, loss=loss, codes=codes)[0]
        word = f"{code[0]:.3g}" if task.kind == "regression" else task.classes[int(code[0])]
        return lay_over(crop, heat), f"{task.name} {word}"

    def _blend(self, task: Task, tables: dict[str, pd.DataFrame], ids: list[str]) -> np.ndarray:
        """The mean (N, C) of the members that predict a task beside the contest's answer."""
        settings = self.spec.settings
        weights = settings.ensemble.weights or dict.fromkeys(self.spec.members, 1.0)
        votes = {}
        for name, table in tables.items():
            if task.name in settings.members[name].tasks:
                votes[name] = gather_votes(table, image_ids=ids, task=task, part="test")
        counted = {name: weights.get(name, 0.0) for name in votes}
        if not any(counted.values()):
            counted = dict.fromkeys(votes, 1.0)
        return blend_task(votes, kind=task.kind, method="mean", weights=counted)

    def _load(self, member: str) -> list[torch.nn.Module]:
        return load_cells(
            self.runs,
            self._members[member],
            answering_cells(self.settings, member),
            device=self._device,
            precision=self._precision,
        )


def _batches(
    crops: np.ndarray, *, size: int, number: int
) -> Iterator[tuple[torch.Tensor, Mapping]]:
    """Crops (N, S, S, 3) in batches of `number`, resized as the loader resizes them."""
    for start in range(0, len(crops), number):
        fitted = [fit_size(crop, size=size) for crop in crops[start : start + number]]
        yield torch.from_numpy(np.stack(fitted)), {}
