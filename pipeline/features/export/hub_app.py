"""The page of a shared model: ONNX in, no torch and no training code. Copied as app.py by share.

`python app.py` serves it on this machine; on the Hugging Face Hub it is a Space as it is.
"""

import json
import os
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime

from pipeline.faces.finder import FaceFinder
from pipeline.faces.mtcnn.onnx_detector import PortableDetector
from pipeline.faces.recipe import CropRecipe
from pipeline.images.read import read_image
from pipeline.inference.readout import FacePrediction, OutputSpec, read_outputs

HERE = Path(__file__).resolve().parent


def read(path: Path) -> np.ndarray:
    """Upright RGB pixels. Raises ValueError for what is no image."""
    return read_image(path)


@lru_cache(maxsize=1)
def load() -> tuple[FaceFinder, list[OutputSpec], onnxruntime.InferenceSession]:
    """The face finder, how outputs are read, and the ensemble."""
    config = json.loads((HERE / "config.json").read_text(encoding="utf-8"))
    crop = config["crop"]
    detector, fine = None, None
    if crop["faces"] == "detect":
        thresholds = tuple(crop["thresholds"])
        detector = PortableDetector(HERE, min_face=crop["min_face"], thresholds=thresholds)
        fine = PortableDetector(HERE, min_face=config["fine_face"], thresholds=thresholds)
    recipes = {}
    for one in config["inputs"]:
        recipes[one["name"]] = CropRecipe(one["margin"], one["size"], align=one["align"])
    finder = FaceFinder(
        faces=crop["faces"],
        fallback=crop["fallback"],
        recipes=recipes,
        detector=detector,
        fine=fine,
    )
    readings = [OutputSpec.from_dict(values) for values in config["readings"]]
    session = onnxruntime.InferenceSession(
        str(HERE / "ensemble.onnx"), providers=["CPUExecutionProvider"]
    )
    return finder, readings, session


def predict(image: np.ndarray) -> list[FacePrediction]:
    """All faces of an upright image (H, W, 3) uint8 with what is said of them."""
    finder, readings, session = load()
    found = finder.find(image)
    if not found:
        return []
    crops = {
        each.name: np.stack([face.crops[each.name] for face in found])
        for each in session.get_inputs()
    }
    names = [output.name for output in session.get_outputs()]
    outputs = dict(zip(names, session.run(None, crops), strict=True))
    read_out = read_outputs([r for r in readings if r.name in outputs], outputs)
    return [
        FacePrediction(tuple(face.box.tolist()), face.how, face.probability, said, answers)
        for face, (said, answers) in zip(found, read_out, strict=True)
    ]


def main() -> None:
    """Serves the page at port 7860 or PORT: on a Space to everybody, else to this machine."""
    from pipeline.features.demo.app import make_app, serve

    app = make_app(
        lambda choice, image: predict(image),
        read=read,
        choices=[json.loads((HERE / "config.json").read_text(encoding="utf-8"))["name"]],
        title="What do you see in a face?",
        note="A guess is not a fact about a person; the model card says how often it is wrong.",
    )
    host = "0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1"
    port = int(os.environ.get("PORT", "7860"))
    print(f"http://{host}:{port}", flush=True)
    serve(app, host=host, port=port)


if __name__ == "__main__":
    main()
