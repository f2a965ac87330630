"""The page of trained experiments: which networks it can ask, loaded when they are asked."""

import importlib.util
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote

import numpy as np

from pipeline.config import Experiment
from pipeline.features.demo.app import Heat, make_app
from pipeline.features.demo.evidence import Evidence, gather_evidence
from pipeline.features.demo.examples import find_examples
from pipeline.images.read import read_image
from pipeline.inference.choice import ENSEMBLE, choices
from pipeline.inference.face_predictor import FacePredictor
from pipeline.inference.readout import FacePrediction, TaskPrediction
from pipeline.storage import Runs

LOADED = 3  # choices kept in memory


def make_page(
    experiments: Mapping[str, Experiment],
    *,
    title: str,
    load: Callable[[Experiment, str], FacePredictor],
) -> Any:
    """The page as an ASGI app, with all that is trained of these experiments, by their names.

    `load` gives the predictor of an experiment by `ensemble`, `stack` or a member's name. Raises
    ValueError where nothing is trained.
    """
    known: dict[str, tuple[Experiment, str]] = {}  # by what stands in the page's list
    for name, settings in experiments.items():
        for who in choices(settings, Runs(settings)):
            known[name if who == ENSEMBLE else f"{name} / {who}"] = (settings, who)
    if not known:
        raise ValueError(f"demo: nothing of {', '.join(experiments)} is trained")

    @lru_cache(maxsize=LOADED)
    def predictor(choice: str) -> FacePredictor:
        settings, who = known[choice]
        return load(settings, who)

    def see(choice: str, image: np.ndarray) -> list[FacePrediction]:
        return predictor(choice)(image)

    @cache
    def evidence(choice: str) -> Evidence:
        settings, who = known[choice]
        return gather_evidence(settings, Runs(settings), who)

    reports = {}
    for name, settings in experiments.items():
        if Runs(settings).report.is_file():
            reports[name] = Runs(settings).report

    def about(choice: str) -> str:
        sentences = list(evidence(choice).sentences)
        name = known[choice][0].name
        if name in reports:
            sentences.append(f"[The report](report/{quote(name)}) says for whom it is wrong.")
        return f"# {choice}: what do you see in a face?\n" + " ".join(sentences)

    def usual(choice: str, said: TaskPrediction) -> str:
        return evidence(choice).say_usual_error(said)

    first, _ = known[next(iter(known))]
    return make_app(
        see,
        read=read_image,
        choices=list(known),
        title=title,
        note="Images stay here and are removed after ten minutes. A guess is not a fact about a "
        "person.",
        heat=_heat_of(predictor),
        about=about,
        usual=usual,
        examples=find_examples(Runs(first)),
        reports=reports,
    )


def _heat_of(predictor: Callable[[str], FacePredictor]) -> Heat | None:
    """Heatmaps of the main face, where grad-cam is installed."""
    if importlib.util.find_spec("pytorch_grad_cam") is None:
        return None

    def heat(choice: str, image: np.ndarray) -> list[tuple[np.ndarray, str]]:
        return predictor(choice).heatmaps(image)

    return heat
