"""The ensemble with preprocessing as one callable: an image to its faces and what is said of each.

predict, demo, export and share answer with it; for a contest's image it says what infer and
ensemble say.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

import numpy as np
import pandas as pd
import torch

from pipeline.experiment.blend import blend_spaces, blend_task, gather_votes
from pipeline.experiment.build import head_losses, member_transform
from pipeline.experiment.cells import answering_cells
from pipeline.experiment.device import choose_device
from pipeline.experiment.predict import load_cell, prediction_frame
from pipeline.experiment.tasks import contest_tasks, member_tasks
from pipeline.experiment.work import Work
from pipeline.images.transform import fit_size, normalise
from pipeline.images.views import apply_view
from pipeline.inference.choice import ENSEMBLE, STACK
from pipeline.inference.ensemble_spec import choose_ensemble, make_finder
from pipeline.inference.readout import FacePrediction, read_outputs
from pipeline.labels.tasks import Task, decide
from pipeline.models.logits import predict_logits
from pipeline.models.network import to_probs
from pipeline.models.speedups import prepare_for_inference


class StackLayers(Protocol):
    """What stack kept: tables of cells to answers."""

    def answer(
        self, tables: Mapping[str, pd.DataFrame], image_ids: Sequence[str]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]: ...


class FacePredictor:
    """Images (H, W, 3) uint8, upright RGB, to SeenFaces; crops (N, S, S, 3) to outputs (N, C).

    Raises ValueError for a cell that is not trained, or was trained on other crops or inputs.
    """

    def __init__(
        self,
        work: Work,
        *,
        by: str = ENSEMBLE,
        min_face: float | None = None,
        stack: StackLayers | None = None,
    ) -> None:
        assert (by == STACK) == (stack is not None), "the layers of stack are handed in"
        self.work, self.by = work, by
        self.spec = choose_ensemble(work, by)
        self._device, self._precision = choose_device(work.settings)
        self._networks = {name: self._load(name) for name in self.spec.members}
        self.finder = make_finder(work, device=str(self._device), min_face=min_face)
        self._stack = stack

    def __call__(self, image: np.ndarray) -> list[FacePrediction]:
        found = self.finder.find(image)
        if not found:
            return []
        outputs, decided = self.answer(np.stack([face.crop for face in found]))
        read = read_outputs(self.spec.readings, outputs, decided=decided)
        return [
            FacePrediction(tuple(face.box.tolist()), face.how, face.probability, said, answers)
            for face, (said, answers) in zip(found, read, strict=True)
        ]

    def answer(self, crops: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """The outputs (N, C) by reading, and those answers (N,) that stack decides."""
        ids = [str(number) for number in range(len(crops))]
        tables = {name: self._predict(name, crops, ids) for name in self.spec.members}
        settings, decided, outputs = self.spec.settings, {}, {}
        if self._stack is not None:
            outputs, decided = self._stack.answer(tables, ids)
        elif self.spec.whole:
            outputs = blend_spaces(tables, image_ids=ids, part="test", settings=settings)
        for task in self.spec.others:
            outputs[task.name] = self._blend(task, tables, ids)
        return outputs, decided

    def heatmaps(self, image: np.ndarray) -> list[tuple[np.ndarray, str]]:
        """For each task of the main face what spoke for the answer, in the first cell of the first
        member that knows it: images (S, S, 3) with captions."""
        from pipeline.figures.overlay import lay_over
        from pipeline.models.grad_cam import find_heatmaps

        maps, settings = [], self.work.settings
        for face in self.finder.find(image)[:1]:
            for task in contest_tasks(settings):
                names = [m for m in self.spec.members if task.name in settings.members[m].tasks]
                if not names:
                    continue
                recipe = settings.members[names[0]]
                (task,) = (t for t in member_tasks(settings, recipe) if t.name == task.name)
                transform = member_transform(recipe)
                crop = fit_size(face.crop, size=transform.size)
                cell = answering_cells(settings, names[0])[0]
                network = load_cell(self.work, cell, device=self._device)
                inputs = normalise(
                    torch.from_numpy(crop[None]).to(self._device), transform=transform
                )
                loss = head_losses(recipe, [task])[task.name]
                with torch.inference_mode():
                    probs = to_probs(network(inputs)[task.name], task=task, loss=loss).cpu().numpy()
                code = decide(task, probs)
                found = find_heatmaps(network, inputs, task=task, loss=loss, codes=code.astype(int))
                word = f"{code[0]:.3g}" if task.kind == "regression" else task.classes[int(code[0])]
                maps.append((lay_over(crop, found[0]), f"{task.name} {word}"))
        return maps

    def _blend(self, task: Task, tables: dict[str, pd.DataFrame], ids: list[str]) -> np.ndarray:
        settings = self.spec.settings
        weights = settings.ensemble.weights or dict.fromkeys(self.spec.members, 1.0)
        votes = {
            name: gather_votes(table, image_ids=ids, task=task, part="test")
            for name, table in tables.items()
            if task.name in settings.members[name].tasks
        }
        counted = {name: weights.get(name, 0.0) for name in votes}
        if not any(counted.values()):
            counted = dict.fromkeys(votes, 1.0)
        return blend_task(votes, kind=task.kind, method="mean", weights=counted)

    def _load(self, member: str) -> list[torch.nn.Module]:
        cells = answering_cells(self.work.settings, member)
        how = {"size": self.work.settings.members[member].image_size, "precision": self._precision}
        return [
            prepare_for_inference(load_cell(self.work, cell, device=self._device), **how)
            for cell in cells
        ]

    def _predict(self, member: str, crops: np.ndarray, ids: Sequence[str]) -> pd.DataFrame:
        settings = self.work.settings
        recipe = settings.members[member]
        tasks, transform = member_tasks(settings, recipe), member_transform(recipe)
        size = settings.infer.batch_size
        pixels = torch.from_numpy(np.stack([fit_size(c, size=transform.size) for c in crops]))
        outcomes = predict_logits(
            self._networks[member],
            ((batch, {}) for batch in pixels.split(size)),
            views={
                view: partial(apply_view, view=view, transform=transform) for view in settings.tta
            },
            to_input=partial(normalise, transform=transform),
            device=self._device,
            precision=self._precision,
        )
        losses, ids = head_losses(recipe, tasks), pd.Series(list(ids))
        return pd.concat(
            [
                prediction_frame(ids, cell, view=view, logits=logits, tasks=tasks, losses=losses)
                for cell, views in zip(answering_cells(settings, member), outcomes, strict=True)
                for view, logits in views.items()
            ],
            ignore_index=True,
        )
