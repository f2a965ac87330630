"""The notebook that answers a hidden test from a bundle: offline, its inputs read-only."""

import json

TITLE = """# {name}: answers to a hidden test

Attach two inputs: the data set that holds this bundle, and the contest. Nothing is loaded from the
internet, nothing is trained, and nothing is written below /kaggle/input."""
PLACES = """import os
import subprocess
import sys
import tempfile
from pathlib import Path

INPUT = Path("/kaggle/input")
# where this bundle lies: the folder with the file digest.json
BUNDLE = os.environ.get("BUNDLE") or next(INPUT.rglob("digest.json")).parent
BUNDLE = Path(BUNDLE)
# the contest's folder, which holds the hidden test: its table, its images, its sample file
TEST = Path(os.environ.get("HIDDEN_TEST", INPUT / "{contest}"))
ANSWERS = Path(os.environ.get("ANSWERS", "submission.csv"))
KEPT = Path(os.environ.get("KEPT", tempfile.gettempdir())) / "answers"  # crops and predictions"""
CHECK = """sys.dont_write_bytecode = True  # the bundle is read-only
sys.path[:0] = [str(BUNDLE), str(BUNDLE / "packages")]  # before what the machine brings

from pipeline.features.hidden_test.digest import check_digest

print(check_digest(BUNDLE), "files are as they were bundled")

wheels = sorted(map(str, (BUNDLE / "wheels").glob("*.whl")))
if wheels:  # a bundle made with wheels=true: installed where it may be written, without internet
    packages = str(KEPT / "packages")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--upgrade", "--target", packages, *wheels], check=True)
    sys.path.insert(0, packages)"""
ANSWER = """from pipeline import load_run

# Up to a fifth of the images may be unreadable: they get what is most likely without a look, and
# are counted below. A stop would score nothing at all.
made = load_run(BUNDLE / "config.yaml", overrides={"competition.missing_test": 0.2})
answers = made.answer(TEST, to=ANSWERS, folder=KEPT)
print(len(answers), "answers in", ANSWERS)
answers.head()"""


def write_notebook(*, name: str, contest: str) -> str:
    """The notebook as JSON text (nbformat 4.5)."""
    cells = [_cell("markdown", TITLE.format(name=name), "title")]
    code = {"places": PLACES.format(contest=contest), "check": CHECK, "answer": ANSWER}
    cells += [_cell("code", text, key) for key, text in code.items()]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1) + "\n"


def _cell(kind: str, text: str, key: str) -> dict:
    cell = {"cell_type": kind, "id": key, "metadata": {}, "source": text.splitlines(keepends=True)}
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})
