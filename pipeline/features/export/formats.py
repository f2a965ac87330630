"""Modules to files in three formats, each checked against what infer says of the same crops."""

import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pipeline.config import Experiment
from pipeline.experiment.cells import answering_cells
from pipeline.experiment.crops import crop_names
from pipeline.experiment.member_context import member_context
from pipeline.experiment.predict import load_cell
from pipeline.images.resize_matrix import resize_matrix
from pipeline.images.transform import normalise
from pipeline.images.views import apply_view
from pipeline.inference.ensemble_spec import EnsembleSpec
from pipeline.models.export_module import EnsembleModel, MemberModel, Output, Resize
from pipeline.models.fuse_batchnorm import fuse_batchnorm
from pipeline.storage import Runs, atomic_write

Run = Callable[[Sequence[np.ndarray]], list[np.ndarray]]


def member_model(settings: Experiment, runs: Runs, member: str) -> MemberModel:
    """A member with all its cells, on the CPU. Raises ValueError like load_cell."""
    context = member_context(settings, member)
    transform = context.transform
    networks = []
    for cell in answering_cells(settings, member):
        network = load_cell(runs, context, cell, device=torch.device("cpu"))
        networks.append(fuse_batchnorm(network, size=transform.size))
    resize, stored = None, settings.member_crop(member).size
    if transform.size != stored:
        matrix = resize_matrix(stored, transform.size)
        resize = Resize(torch.from_numpy(matrix))
    return MemberModel(
        networks,
        tasks=list(context.tasks),
        losses=dict(context.losses),
        views=[partial(apply_view, view=view, transform=transform) for view in settings.tta],
        to_input=partial(normalise, transform=transform),
        size=transform.size,
        resize=resize,
        crops=crop_names(settings)[member],
    ).eval()


def ensemble_model(spec: EnsembleSpec, members: dict[str, MemberModel]) -> EnsembleModel:
    """All members in one module, blended as the ensemble says."""
    ensemble = spec.settings.ensemble
    weights = ensemble.weights or dict.fromkeys(spec.members, 1.0)
    outputs = []
    for reading in spec.readings:
        names = tuple(task.name for task in reading.tasks)
        sizes = tuple(len(task.classes) for task in reading.tasks)
        outputs.append(Output(reading.name, reading.tasks[0].kind, names, sizes))
    others = {task.name for task in spec.others}
    if others and ensemble.method not in ("mean", "weighted"):
        outputs = [output for output in outputs if output.name not in others]
    return EnsembleModel(
        {name: members[name] for name in spec.members},
        outputs=outputs,
        method=ensemble.method,
        weights={name: weights.get(name, 0.0) for name in spec.members},
        inputs=crop_names(spec.settings),
    ).eval()


def save_models(
    model: MemberModel | EnsembleModel,
    paths: Sequence[Path],
    crops: Sequence[np.ndarray],
    *,
    facts: str,
) -> Iterator[Path]:
    """Writes a model in the format that each path ends in, one after another. `facts` is JSON that
    goes into every file; `crops` (2 or more, S, S, 3) of every input are what the graph is taken
    with."""
    examples, program = tuple(torch.from_numpy(some) for some in crops), None
    with torch.inference_mode():
        model(*examples)  # constants of the first call are kept: they must be real ones
    for path in paths:
        with atomic_write(path, short=False) as temporary, _quiet():
            if path.suffix == ".pt":
                with torch.no_grad():
                    traced = torch.jit.trace(model, examples, check_trace=False, strict=False)
                traced.save(str(temporary), _extra_files={"facts.json": facts})
            elif program is None:
                program = torch.export.export(
                    model, examples, dynamic_shapes=_any_number(model, len(examples))
                )
            if path.suffix == ".pt2":
                assert program is not None, "every format but .pt takes the graph"
                torch.export.save(program, str(temporary), extra_files={"facts.json": facts})
            if path.suffix == ".onnx":
                assert program is not None, "every format but .pt takes the graph"
                _write_onnx(program, temporary, model=model, facts=facts)
        yield path


def _any_number(model: MemberModel | EnsembleModel, num_inputs: int) -> tuple:
    """What torch.export is told: the same, any number of crops in every input."""
    each = tuple({0: torch.export.Dim("num", min=1)} for _ in range(num_inputs))
    return (each,) if isinstance(model, EnsembleModel) else each  # whose inputs are one *argument


def _write_onnx(
    program: torch.export.ExportedProgram,
    path: Path,
    *,
    model: MemberModel | EnsembleModel,
    facts: str,
) -> None:
    try:
        made = torch.onnx.export(
            program,
            input_names=list(model.inputs),
            output_names=list(model.names),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    except torch.onnx.errors.OnnxExporterError as error:
        lines = [line for line in str(error).splitlines() if "Error" in line] or [str(error)]
        raise ValueError(
            f"{path.name}: ONNX has no word for a layer of it ({lines[0].strip()[:200]}); "
            "formats=pt2,pt leaves ONNX out"
        ) from None
    assert made is not None, "with dynamo the exporter gives the program"
    made.model.metadata_props["facts"] = facts
    made.save(str(path), external_data=False)


def load_model(path: Path) -> Run:
    """A stored model as a function of the uint8 crops (N, S, S, 3) of each input: its outputs in
    their order."""
    if path.suffix == ".onnx":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        session = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        names = [each.name for each in session.get_inputs()]
        return lambda crops: session.run(None, dict(zip(names, crops, strict=True)))
    if path.suffix == ".pt2":
        return _as_run(torch.export.load(str(path)).module())
    with _quiet():
        return _as_run(torch.jit.load(str(path)))


def _as_run(module: nn.Module) -> Run:
    def run(crops: Sequence[np.ndarray]) -> list[np.ndarray]:
        with torch.inference_mode(), _quiet():
            return [out.numpy() for out in module(*map(torch.from_numpy, crops))]

    return run


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the warnings of the exporters, which are about their own inside."""
    import logging

    noisy = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in noisy]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for logger in noisy:
                logger.setLevel(logging.ERROR)
            yield
        finally:
            for logger, level in zip(noisy, levels, strict=True):
                logger.setLevel(level)


def seconds_of(run: Run, crops: Sequence[np.ndarray], *, repeats: int = 3) -> float:
    """The least time of a few runs, after one to warm up."""
    run(crops)
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        run(crops)
        taken.append(time.perf_counter() - started)
    return min(taken)


def save_detector() -> Iterator[tuple[str, "torch.onnx.ONNXProgram"]]:
    """The detector's nets by name as ONNX programs, for any number of windows; the first one for
    any size of them too."""
    from pipeline.faces.mtcnn.detector import Detector

    for name, net in Detector(device="cpu", min_face=1.0).nets.items():
        side = {"pnet": 40, "rnet": 24, "onet": 48}[name]
        pixels = torch.zeros(3, 3, side, side + (4 if name == "pnet" else 0))
        dim = torch.export.Dim
        dynamic = {0: dim("num", min=1)}
        if name == "pnet":
            dynamic |= {2: dim("height", min=12), 3: dim("width", min=12)}
        with _quiet(), torch.no_grad():
            made = torch.onnx.export(
                net,
                (pixels,),
                input_names=["pixels"],
                dynamic_shapes=(dynamic,),
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        assert made is not None, "with dynamo the exporter gives the program"
        yield name, made
