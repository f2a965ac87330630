"""What is said of faces as a piece of HTML: a bar for every probability. No script, no network."""

import base64
from collections.abc import Callable, Sequence
from html import escape
from io import BytesIO

import numpy as np
from PIL import Image

from pipeline.inference.annotate import COLOURS
from pipeline.inference.readout import FacePrediction, TaskPrediction

CHOSEN = ' class="chosen"'
IN_THE_DARK = 0.5  # of a face's colour, the rest white: 3:1 against a dark page
SURE = 0.995  # a face found with more needs no words
CSS = """
.faces {display: grid; gap: 1.2rem; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr))}
.faces section {border-left: 5px solid var(--mine); padding-left: 0.8rem}
.faces h3, .faces h4 {margin: 0 0 0.2rem; font-size: 1rem; font-weight: 600}
.faces h4 {margin-top: 0.6rem; font-size: 0.9rem}
.faces p {display: flex; align-items: center; gap: 0.6rem; margin: 0; font-size: 0.85rem}
.faces p.usual {display: block; margin-top: 0.2rem; font-size: 0.8rem; opacity: 0.85}
.faces .word {width: 6rem; overflow-wrap: anywhere; line-height: 1.2}
.faces .share {width: 3.8rem; text-align: right; white-space: nowrap}
.faces .track {flex: 1; height: 0.65rem; background: rgba(128, 128, 128, 0.22)}
.faces .fill {display: block; height: 100%; min-width: 1px; background: var(--mine)}
.faces .chosen {font-weight: 600}
.maps {display: grid; gap: 0.6rem; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr))}
.maps figure {margin: 0; font-size: 0.85rem; overflow-wrap: anywhere}
.maps img {width: 100%}
.dark .faces section {border-color: var(--light)}
.dark .faces .fill {background: var(--light)}
:focus-visible {outline: 3px solid #3b82c4 !important; outline-offset: 2px}
"""


def faces_html(
    faces: Sequence[FacePrediction], *, usual: Callable[[TaskPrediction], str] | None = None
) -> str:
    """A section a face, in the order and colours of the annotated image.

    `usual` says of an answer how wrong such answers usually are, or "".
    """
    sections = [_face(number, face, usual=usual) for number, face in enumerate(faces)]
    return f'<div class="faces">{"".join(sections)}</div>'


def _face(
    number: int, face: FacePrediction, *, usual: Callable[[TaskPrediction], str] | None
) -> str:
    colour = COLOURS[number % len(COLOURS)]
    said = ""
    for each in face.said:
        said += _task(each)
        error = "" if usual is None else usual(each)
        if error:
            said += f'<p class="usual">{escape(error)}</p>'
    title = f"Face {number + 1}"
    if face.how == "mtcnn" and face.detected < SURE:
        title += f" (found with {100 * face.detected:.0f} % confidence)"
    style = f"--mine: {colour}; --light: {lighter(colour)}"
    return f'<section style="{style}"><h3>{title}</h3>{said}</section>'


def maps_html(maps: Sequence[tuple[np.ndarray, str]]) -> str:
    """Heatmaps (S, S, 3) with their captions below them; "" for none."""
    if not maps:
        return ""
    figures = ""
    for image, caption in maps:
        file = BytesIO()
        Image.fromarray(image).save(file, format="PNG")
        source = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
        words = escape(caption)
        figures += f'<figure><img src="{source}" alt="{words}"><figcaption>{words}</figcaption>'
        figures += "</figure>"
    return f'<h4>What spoke for the answer (Grad-CAM)</h4><div class="maps">{figures}</div>'


def lighter(colour: str) -> str:
    """A colour `#rrggbb` as it stands on a dark page."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    mixed = [round(IN_THE_DARK * part + (1.0 - IN_THE_DARK) * 255) for part in parts]
    return "#" + "".join(f"{part:02x}" for part in mixed)


def _task(said: TaskPrediction) -> str:
    name = escape(said.task)
    if said.number is not None:
        return f"<h4>{name}: {escape(said.text)}</h4>"
    rows = "".join(
        f"<p{CHOSEN if word in said.words else ''}>"
        f'<span class="word">{escape(word)}</span>'
        f'<span class="track"><span class="fill" style="width: {100 * share:.1f}%"></span></span>'
        f'<span class="share">{100 * share:.1f} %</span></p>'
        for word, share in said.probs.items()
    )
    return f"<h4>{name}: {escape(said.text)}</h4>{rows}"
