"""A headless Chromium for tests, by its own DevTools protocol; a skip where there is none."""

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 120.0  # seconds: a busy machine is not a failing test


class Tab:
    """One page of the browser."""

    def __init__(self, socket) -> None:
        self._socket, self._number = socket, 0
        self.asked: list[str] = []  # every address that the page asked for
        self.errors: list[str] = []
        for domain in ("Page", "Runtime", "Network", "DOM"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **given: Any) -> dict:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": given}))
        while True:
            said = json.loads(self._socket.recv(timeout=PATIENCE))
            if said.get("method") == "Network.requestWillBeSent":
                self.asked.append(said["params"]["request"]["url"])
            if said.get("method") == "Runtime.exceptionThrown":
                self.errors.append(said["params"]["exceptionDetails"].get("text", ""))
            if said.get("id") == self._number:
                assert "error" not in said, f"{method}: {said['error']}"
                return said["result"]

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        given = {"returnByValue": True, "awaitPromise": True, "userGesture": True}
        found = self.send("Runtime.evaluate", expression=script, **given)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, script: str, *, what: str) -> Any:
        """The expression's value once it is true."""
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            found = self.run(script)
            if found:
                return found
            time.sleep(0.25)
        raise AssertionError(f"{what}: not within {PATIENCE:g} s; {self.errors}")

    def open(self, address: str) -> None:
        self.send("Page.navigate", url=address)

    def give_file(self, selector: str, path: Path) -> None:
        """Chooses a file in an upload field."""
        root = self.send("DOM.getDocument")["root"]["nodeId"]
        node = self.send("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.send("DOM.setFileInputFiles", nodeId=node, files=[str(path)])

    def image(self, path: Path) -> None:
        """What is seen, as a PNG."""
        shot = self.send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))


@contextmanager
def open_browser(
    folder: Path, *, size: tuple[int, int] = (1200, 900), flags: Sequence[str] = ()
) -> Iterator[Tab]:
    """A tab of a browser whose profile lies in `folder`."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no browser here: none of {', '.join(NAMES)} (Debian: apt install chromium)")
    client = pytest.importorskip("websockets.sync.client")
    words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    words += ["--remote-debugging-port=0", f"--user-data-dir={folder}", "--no-first-run"]
    words += ["--disable-background-networking", "--disable-component-update"]
    words += [f"--window-size={size[0]},{size[1]}", *flags, "about:blank"]
    with subprocess.Popen(
        [program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            import urllib.request

            port = _port(folder / "DevToolsActivePort", process)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list") as said:
                pages = [page for page in json.load(said) if page["type"] == "page"]
            address = pages[0]["webSocketDebuggerUrl"]
            with client.connect(address, max_size=2**26, open_timeout=PATIENCE) as socket:
                yield Tab(socket)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _port(file: Path, process: subprocess.Popen) -> str:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if file.exists() and (lines := file.read_text().split()):
            return lines[0]
        assert process.poll() is None, "the browser ended at once"
        time.sleep(0.1)
    raise AssertionError("the browser did not start")
