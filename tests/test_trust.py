"""Nothing that is read can run: no pickles, no YAML objects, no formulas in what we write."""

import ast
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ensembling.answer_file import Column, build_answers, check_answers
from pipeline.storage import read_table, write_table

PIPELINE = Path(__file__).parent.parent / "pipeline"
FORBIDDEN = {"pickle", "dill", "joblib", "shelve", "marshal", "cloudpickle"}


def calls(path: Path) -> list[tuple[int, str, dict[str, ast.expr]]]:
    """Line, dotted name and keywords of every call in a file."""
    return [
        (node.lineno, ast.unparse(node.func), {k.arg: k.value for k in node.keywords if k.arg})
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    ]


@pytest.mark.parametrize("path", sorted(PIPELINE.rglob("*.py")), ids=lambda p: p.stem)
def test_no_file_loads_what_can_run(path: Path) -> None:
    for line, name, given_words in calls(path):
        spot, words = f"{path.name}:{line}", {k: ast.unparse(v) for k, v in given_words.items()}
        if name == "torch.load":
            assert words.get("weights_only") == "True", spot
        if name in ("np.load", "numpy.load", "np.lib.format.open_memmap"):
            assert words.get("allow_pickle", "False") == "False", spot
        assert name not in ("eval", "exec", "yaml.load", "pd.read_pickle", "os.system"), spot
        assert not name.endswith((".extractall", "unpack_archive")), f"{spot}: unpacks an archive"
        if name.startswith("subprocess."):
            assert words.get("shell", "False") == "False", spot
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] not in FORBIDDEN, f"{path.name}:{node.lineno}: {name}"


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+x", "-x", "@SUM(A1)", "\tx", "'=x"])
def test_a_cell_that_a_spreadsheet_would_run_is_written_inert(text: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"image_id": [text, "a"], "value": [-1.5, 2.0], "signed": ["-3", "+4.5"]})
    write_table(tmp_path / "a.csv", frame)
    raw = (tmp_path / "a.csv").read_text()
    assert f"'{text}" in raw
    assert ",-1.5,-3" in raw and ",2.0,+4.5" in raw, "numbers stay numbers"
    assert read_table(tmp_path / "a.csv")["image_id"].tolist() == [text, "a"]


TEXTS = st.text(alphabet="=+-@'\tab1.", max_size=6)


@settings(max_examples=100, deadline=None)
@given(ids=st.lists(TEXTS.filter(lambda t: t.strip()), min_size=1, max_size=8, unique=True))
def test_ids_come_back_as_they_were_and_a_submission_has_them_bare(
    ids: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "ids.csv"
    frame = pd.DataFrame({"image_id": ids, "fold": range(len(ids))})
    write_table(path, frame)
    assert read_table(path)["image_id"].tolist() == ids
    columns = [Column("ans", frame["fold"].to_numpy())]
    answers = build_answers(ids, columns, sample_ids=ids[::-1], id_column="image_id")
    check_answers(answers, columns, sample_ids=ids[::-1], id_column="image_id")
    write_table(path, answers, exact=True)
    from pipeline.labels.csv_reader import read_csv

    assert read_csv(path, needs=())["image_id"].tolist() == ids[::-1]
