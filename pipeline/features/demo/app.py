"""A page in the browser: an image in, the annotated image and every probability out.

What answers is given as functions, so that a trained run and an exported model have the same page.
Nothing is loaded from the network: the page's own rules forbid the browser to ask elsewhere.
"""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline.features.demo.bars import CSS, faces_html, maps_html
from pipeline.inference.annotate import draw_faces
from pipeline.inference.readout import FacePrediction, TaskPrediction

if TYPE_CHECKING:
    from fastapi import FastAPI
    from gradio.data_classes import FileData

LARGEST = 20 * 2**20  # bytes of an upload
WAITING = 16  # visitors that wait; one is served at a time
KEPT = 600  # seconds until an uploaded image is removed
NO_FACE = (
    "No face was found. It works best with an upright face that fills a good part of the image."
)
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' ws: wss: "
    "data: blob:; img-src 'self' data: blob:; media-src 'self' data: blob:; form-action 'self'"
)
# what the library leaves without a name for those who do not see it
NAMES = """() => {
  document.querySelector("#status").setAttribute("role", "status");
  const name = () => {
    for (const image of document.querySelectorAll("#given img, #seen img"))
      image.alt ||= image.closest("#seen")
        ? "The image with what was found in it; the same stands below in words."
        : "The image that was given.";
    for (const button of document.querySelectorAll("#seen button:not([aria-label])"))
      button.ariaLabel = "The annotated image";
    document.querySelectorAll("#examples button").forEach((button, place) => {
      button.ariaLabel ||= `Example ${place + 1}`;
      for (const image of button.querySelectorAll("img")) image.alt ||= button.ariaLabel;
    });
  };
  new MutationObserver(name).observe(document.body, {childList: true, subtree: true});
}"""
NO_IMAGE = "Upload an image, paste one, or take one with the camera: the answer comes by itself."
OR_EXAMPLE = f"{NO_IMAGE} Or click one of the examples."
See = Callable[[str, np.ndarray], list[FacePrediction]]  # by a choice's name
Heat = Callable[[str, np.ndarray], list[tuple[np.ndarray, str]]]  # images with captions
About = Callable[[str], str]  # Markdown on a choice: its name, what it learnt from, its score
Usual = Callable[[str, TaskPrediction], str]  # how wrong such an answer of a choice usually is


def make_app(
    see: See,
    *,
    read: Callable[[Path], np.ndarray],
    choices: Sequence[str],
    title: str,
    note: str,
    heat: Heat | None = None,
    about: About | None = None,
    usual: Usual | None = None,
    examples: Sequence[Path] = (),
    reports: Mapping[str, Path] | None = None,
) -> "FastAPI":
    """The page as an ASGI app. `read` gives the pixels of a file or raises ValueError with the
    reason; so may `see`. `examples` are images to click. `reports` are files by the name
    that stands behind /report/."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio
    from fastapi import FastAPI, Request, Response
    from fastapi.responses import FileResponse

    empty_words = OR_EXAMPLE if examples else NO_IMAGE

    def answer(choice: str, file: str | None, wants_heat: bool) -> tuple:
        if file is None:
            return empty_words, None, "", ""
        try:
            image = read(Path(file))
            faces = see(choice, image)
            maps = heat(choice, image) if heat and wants_heat and faces else []
        except ValueError as error:
            return _say_wrong(str(error), file), None, "", ""
        if not faces:
            return NO_FACE, image, "", ""
        said = "One face." if len(faces) == 1 else f"{len(faces)} faces; 1 is the main one."
        words = faces_html(faces, usual=None if usual is None else partial(usual, choice))
        return said, draw_faces(image, faces), words, maps_html(maps)

    with gradio.Blocks(title=title, analytics_enabled=False, delete_cache=(60, KEPT)) as page:
        head = gradio.Markdown(f"# {title}" if about is None else about(choices[0]), elem_id="head")
        gradio.Markdown(note)
        with gradio.Row():
            with gradio.Column():
                choice = gradio.Dropdown(
                    list(choices), value=choices[0], label="Answered by", elem_id="choice"
                )
                given = gradio.Image(
                    sources=["upload", "webcam", "clipboard"],
                    type="filepath",
                    label="Image",
                    height=360,
                    elem_id="given",
                )
                # the file as it came: what is no image is then said in our words
                given.preprocess = _path_of  # type: ignore[method-assign, assignment]
                if examples:
                    example = gradio.Dataset(
                        components=[given],
                        samples=[[str(path)] for path in examples],
                        label="Examples",
                        elem_id="examples",
                    )
                    example.click(
                        _first, example, given, show_progress="hidden", api_visibility="private"
                    )
                wants = gradio.Checkbox(
                    False, label="Show where it looks (slower)", visible=heat is not None
                )
            with gradio.Column():
                status = gradio.Markdown(empty_words, elem_id="status")
                seen = gradio.Image(
                    label="What it sees",
                    interactive=False,
                    format="png",
                    elem_id="seen",
                    buttons=["fullscreen", "download"],
                )
                bars = gradio.HTML("", elem_id="bars")
                maps = gradio.HTML("", elem_id="maps")
        inputs, outputs = [choice, given, wants], [status, seen, bars, maps]
        if about is not None:
            choice.change(about, choice, head, api_visibility="private")
        for asked in (given.change, choice.change, wants.change):
            asked(
                answer,
                inputs,
                outputs,
                concurrency_limit=1,
                concurrency_id="look",
                api_visibility="private",
            )
        page.load(None, js=NAMES)
    page.queue(max_size=WAITING, default_concurrency_limit=1)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/report/{name}")
    def report(name: str) -> Response:
        file = (reports or {}).get(name)
        if file is None or not file.is_file():
            return Response("There is no such report.", status_code=404, media_type="text/plain")
        return FileResponse(file, media_type="text/html")

    @app.middleware("http")
    async def keep_inside(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        response = await call_next(request)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    theme = gradio.themes.Default(
        font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]
    )
    return gradio.mount_gradio_app(
        app,
        page,
        path="/",
        max_file_size=LARGEST,
        ssr_mode=False,
        enable_monitoring=False,
        footer_links=[],
        theme=theme,
        css=CSS,
    )


def serve(app: "FastAPI", *, host: str, port: int) -> None:
    """Serves the page until it is stopped. Raises OSError where the port is taken."""
    import uvicorn

    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


def _first(sample: Sequence) -> str:
    return sample[0]


def _path_of(payload: "FileData | None") -> str | None:
    return None if payload is None else payload.path


def _say_wrong(reason: str, file: str) -> str:
    """The reason as a sentence, without the name that the upload got here."""
    reason = reason.removeprefix(f"{Path(file).name}: ")
    return f"This can't be read: {reason}."
