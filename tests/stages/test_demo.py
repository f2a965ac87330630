"""The page of demo, driven in a real browser with a fake camera; nothing is asked of a network."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.images.read import read_image
from tests.browser import open_browser
from tests.whole_runs import run_words

UPLOAD = "#given input[type=file]"
STATUS = "document.querySelector('#status')?.innerText ?? ''"


def free_port() -> int:
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return some.getsockname()[1]


@pytest.fixture(scope="module")
def address(plain: Path, contest: Path) -> Iterator[str]:
    """Where the page of the run of `plain` is served."""
    pytest.importorskip("gradio", reason="the packages of requirements-demo.txt are not here")
    uvicorn = pytest.importorskip("uvicorn")
    from pipeline.config import load_experiment
    from pipeline.experiment.work import Work
    from pipeline.stages.demo import make_demo
    from pipeline.storage import PROJECT, Runs

    words, port = run_words(contest, plain), free_port()
    settings = load_experiment(words[1], words[2:], configs=PROJECT / "configs")
    app = make_demo(Work(settings=settings, runs=Runs(settings), command=[]))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(20)


def test_a_image_a_wrong_file_and_the_camera(address: str, contest: Path, tmp_path: Path) -> None:
    person = read_image(next((contest / "eval/images").glob("*.jpg")))
    Image.fromarray(np.concatenate([person, person], axis=1)).save(tmp_path / "two.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8 not an image")
    Image.fromarray(np.full((90, 120, 3), 128, np.uint8)).save(tmp_path / "wall.png")
    Image.fromarray(person).resize((480, 640)).save(tmp_path / "camera.jpg")
    film = tmp_path / "camera.mjpeg"
    film.write_bytes((tmp_path / "camera.jpg").read_bytes() * 30)
    flags = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    flags += [f"--use-file-for-fake-video-capture={film}"]
    with open_browser(tmp_path / "profile", flags=flags) as tab:
        tab.open(address)
        tab.wait(f"!!document.querySelector('{UPLOAD}')", what="the page")
        tab.give_file(UPLOAD, tmp_path / "two.png")
        tab.wait(f"({STATUS}).includes('2 faces')", what="an answer")
        tab.wait("!!document.querySelector('#seen img')", what="the annotated image")
        bars = tab.run("document.querySelector('#bars').innerText")
        assert "held-out answers of nearly this confidence" in bars
        head = tab.run("document.querySelector('#head').innerText")
        assert "84 images of 12 people" in head and "Out-of-fold macro_f1" in head
        assert all(word in bars for word in ("Face 2", "incorrect", "female", "30-60", "%"))
        check_names(tab)
        for name, says in (("wall.png", "No face was found"), ("broken.jpg", "can't be read")):
            tab.run("document.querySelector('#given button[aria-label=\"Remove Image\"]').click()")
            tab.wait(f"!!document.querySelector('{UPLOAD}')", what="an empty field")
            tab.give_file(UPLOAD, tmp_path / name)
            tab.wait(f'({STATUS}).includes("{says}")', what=name)
        tab.open(address)
        tab.wait("!!document.querySelector('#examples button')", what="the examples")
        tab.run("document.querySelector('#examples button').click()")
        tab.wait(f"({STATUS}).includes('face')", what="an answer to an example")
        tab.wait("!!document.querySelector('#seen img')", what="the annotated example")
        tab.open(address)
        tab.wait(f"!!document.querySelector('{UPLOAD}')", what="the page again")
        click = "document.querySelector('#given button[aria-label=\"{}\"]')"
        tab.run(click.format("Capture from camera") + ".click()")
        allow = "document.querySelector('#given [title=\"grant webcam access\"] button')"
        tab.wait(f"!!{allow}", what="the camera")
        tab.run(f"{allow}.click()")
        tab.wait("document.querySelector('#given video')?.videoWidth > 0", what="the camera's film")
        tab.wait(f"!!{click.format('capture photo')}", what="the shutter")
        tab.run(click.format("capture photo") + ".click()")
        tab.wait(f"({STATUS}).includes('One face')", what="an answer to the camera")
        outside = [a for a in tab.asked if not a.startswith((address, "data:", "blob:", "about:"))]
        assert outside == []


def check_names(tab) -> None:
    """Every image and button has a name, news are announced, a phone's width is enough, and each
    control is reached by the Tab key and then shown."""
    assert tab.run("document.querySelector('#status').role") == "status"
    assert tab.run("[...document.images].every(image => image.alt)")
    named = "e.innerText || e.ariaLabel || e.title || e.labels?.[0]?.innerText"
    seen = "[...document.querySelectorAll('button, input')].filter(e => e.checkVisibility())"
    assert tab.run(f"{seen}.filter(e => !({named})).map(e => e.outerHTML)") == []
    tab.send(
        "Emulation.setDeviceMetricsOverride",
        mobile=True,
        width=390,
        height=900,
        deviceScaleFactor=1,
    )
    assert tab.run("document.documentElement.scrollWidth") <= 390
    tab.send("Emulation.clearDeviceMetricsOverride")
    reached, key = set(), {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
    for _ in range(32):
        for kind in ("keyDown", "keyUp"):
            tab.send("Input.dispatchKeyEvent", type=kind, **key)
        kind, word, outline = tab.run(
            "(e => [e.tagName, e.innerText || e.ariaLabel || e.labels?.[0]?.innerText || e.tagName,"
            " getComputedStyle(e).outlineStyle])(document.activeElement)"
        )
        reached.add(word.strip())
        assert kind == "BODY" or outline != "none", word
    assert {"Example 1", "Show where it looks (slower)"} <= reached


def test_a_report_that_is_not_there_is_not_found(address: str) -> None:
    import requests

    assert requests.get(f"{address}report/sample", timeout=60).status_code == 404
    assert requests.get(f"{address}report/..%2f..%2fetc", timeout=60).status_code == 404


def test_it_stays_on_this_machine_and_bounded(address: str) -> None:
    import requests

    said = requests.get(address, timeout=60)
    assert "default-src 'self'" in said.headers["Content-Security-Policy"]
    config = requests.get(f"{address}config", timeout=60).json()
    assert config["max_file_size"] == 20 * 2**20
    assert config["analytics_enabled"] is False


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nothing"], "demo: no experiment 'nothing' is trained"),
        (["port=hello"], "demo: port=hello must be a number"),
        (["port=70000"], "demo: port=70000 must be a number from 1 to 65535"),
    ],
)
def test_what_cannot_be_is_a_sentence(
    words: list[str], says: str, plain: Path, contest: Path, call: Callable
) -> None:
    pytest.importorskip("gradio")
    code, _, err = call("demo", *words, *run_words(contest, plain))
    assert code == 2
    assert says in err


def test_a_taken_port_is_a_sentence(plain: Path, contest: Path, call: Callable) -> None:
    pytest.importorskip("gradio")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, _, err = call("demo", f"port={port}", *run_words(contest, plain))
    assert code == 2
    assert f"port={port + 1} is another" in err
