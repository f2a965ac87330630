"""demo: a page in the browser to try an experiment, on this machine only unless told otherwise."""

import importlib.util
import socket
from typing import Any

from pipeline.config import Experiment
from pipeline.console.requirements import say_install
from pipeline.evaluation.candidates import trained_settings
from pipeline.experiment.work import Work
from pipeline.inference.choice import left_out
from pipeline.stages.status import check_is_no_stage, say_untrained
from pipeline.storage import Runs, display_path

HERE = "127.0.0.1"
PORT = 7860


def check(work: Work) -> None:
    """Raises ValueError for what can't be served: no gradio, no such experiment, a taken port."""
    if importlib.util.find_spec("gradio") is None:
        raise ValueError(f"demo is a Gradio page; type: {say_install('demo')}")
    for word in work.words:
        check_is_no_stage(work, word, last="demo")
        _experiment(work.settings, work.runs, word)
    port = work.options.get("port", str(PORT))
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError(f"demo: port={port} must be a number from 1 to 65535")
    _check_free(work.options.get("host", HERE), int(port))
    say_untrained(work, "demo")


def run(work: Work) -> None:
    """Serves the page until it is stopped."""
    from pipeline.features.demo.app import serve

    host = work.options.get("host", HERE)
    port = int(work.options.get("port", PORT))
    app = make_demo(work)
    for said in left_out(work.settings, work.runs):
        print(f"demo: {said}")
    local = host in (HERE, "localhost", "::1")
    print(f"demo: http://{host}:{port} (Ctrl+C stops it)", flush=True)
    if not local:
        print(
            f"demo: host={host}: everybody who reaches this machine can use it and sees its "
            "examples and reports",
            flush=True,
        )
    serve(app, host=host, port=port)


def make_demo(work: Work) -> Any:
    """The page of an experiment and of those named beside it, as an ASGI app."""
    from pipeline.features.demo.models import make_page
    from pipeline.features.stack.predictor import load_stack_layers
    from pipeline.inference.face_predictor import FacePredictor

    def load(settings: Experiment, who: str) -> FacePredictor:
        runs = Runs(settings)
        return FacePredictor(
            settings, runs, by=who, stack=load_stack_layers(settings, runs, by=who)
        )

    experiments = {work.settings.name: work.settings}
    for name in work.words:
        experiments[name] = _experiment(work.settings, work.runs, name)
    title = f"{work.settings.name}: what do you see in a face?"
    return make_page(experiments, title=title, load=load)


def _experiment(settings: Experiment, runs: Runs, name: str) -> Experiment:
    """Another experiment's settings as it was trained. Raises ValueError when there is none."""
    found = trained_settings(settings, runs, name)
    if found is None:
        folder = display_path(runs.of_experiment(name))
        raise ValueError(
            f"demo: no experiment {name!r} is trained; there is no {folder}/config.yaml"
        )
    return found.model_copy(update={"device": settings.device})


def _check_free(host: str, port: int) -> None:
    """Raises ValueError where something else listens there."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as some:
            some.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            some.bind((host, port))
    except OSError as error:
        raise ValueError(
            f"demo: {host}:{port} can't be used ({error.strerror}); port={port + 1} is another"
        ) from None
