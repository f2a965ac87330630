"""Executes the notebook and keeps its outputs: `python examples/execute_notebook.py`.

Needs the packages of requirements-test.txt. A new kernel runs in a copy of examples/, so that
nothing but the notebook itself changes here.
"""

import os
import shutil
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).resolve().parent
NOTEBOOK = "tour.ipynb"
SECONDS = 300  # for one cell on a busy machine


def execute(notebook: Path) -> nbformat.NotebookNode:
    """The notebook with the outputs of a run in its folder, where `pipeline` is that of the clone.

    Raises nbclient's CellExecutionError with the error of the cell that fails.
    """
    paths = [str(HERE.parent), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    found = nbformat.read(notebook, as_version=4)
    client = NotebookClient(
        found,
        timeout=SECONDS,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(notebook.parent)}},
    )
    client.execute(env=environment)
    for cell in found.cells:
        if cell.cell_type == "code":
            cell.outputs = _tidy(cell.outputs, folder=str(notebook.parent))
    return found


def _tidy(outputs: list[nbformat.NotebookNode], *, folder: str) -> list[nbformat.NotebookNode]:
    """The outputs without what is of this machine alone: warnings, and the folder's own path."""
    kept: list[nbformat.NotebookNode] = []
    for output in outputs:
        if output.output_type != "stream":
            for kind, text in output.data.items():
                output.data[kind] = text.replace(f"{folder}/", "")
            kept.append(output)
        elif output.name == "stdout":
            text = output.text.replace(f"{folder}/", "")
            if kept and kept[-1].output_type == "stream":  # a stream comes in pieces
                kept[-1].text += text
            else:
                output.text = text
                kept.append(output)
    return kept


def copy_examples(folder: Path) -> Path:
    """Copies contest, config and notebook; the notebook's path there."""
    shutil.copytree(HERE / "contest", folder / "contest")
    for name in ("contest.yaml", NOTEBOOK):
        shutil.copyfile(HERE / name, folder / name)
    return folder / NOTEBOOK


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        done = execute(copy_examples(Path(folder)))
    nbformat.write(done, HERE / NOTEBOOK)
