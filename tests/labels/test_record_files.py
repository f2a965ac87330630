"""Parquet, JSON, Excel and packed tables give the same texts as a CSV would."""

import gzip
import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from pipeline.labels.csv_reader import read_contest_table, read_header
from pipeline.labels.table_text import find_encoding, say_encoding

ROWS = [{"id": "007", "age": 31, "share": 0.5}, {"id": "a b", "age": 4, "share": None}]
TEXTS = {"id": ["007", "a b"], "age": ["31", "4"], "share": ["0.5", ""]}
CSV = "id,age,share\n007,31,0.5\na b,4,\n"
NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def check(path: Path) -> None:
    frame = read_contest_table(path, needs=("id",))
    assert frame.to_dict("list") == TEXTS
    assert read_header(path) == list(TEXTS)


def draw_excel(path: Path, *sheets: str) -> None:
    words = "".join(f"<si><t>{word}</t></si>" for word in ("id", "age", "share", "007", "a b"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/sharedStrings.xml", f"<sst {NAMESPACE}>{words}</sst>")
        archive.writestr(
            "xl/styles.xml",
            f'<styleSheet {NAMESPACE}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs>'
            "</styleSheet>",
        )
        for number, rows in enumerate(sheets, start=1):
            sheet = f"<worksheet {NAMESPACE}><sheetData>{rows}</sheetData></worksheet>"
            archive.writestr(f"xl/worksheets/sheet{number}.xml", sheet)


SHEET = (
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>'
    '<c r="C1" t="s"><v>2</v></c></row>'
    '<row r="3"><c r="A3" t="s"><v>3</v></c><c r="B3"><v>31.0</v></c><c r="C3"><v>0.5</v></c></row>'
    '<row r="4"><c r="A4" t="s"><v>4</v></c><c r="B4"><v>4</v></c></row>'
)


def test_an_excel_sheet(tmp_path: Path) -> None:
    draw_excel(tmp_path / "t.xlsx", SHEET, "")
    check(tmp_path / "t.xlsx")
    assert list(read_contest_table(tmp_path / "t.xlsx", needs=()).index + 2) == [3, 4]  # its rows
    draw_excel(tmp_path / "two.xlsx", SHEET, SHEET)
    with pytest.raises(ValueError, match="2 of its sheets hold something"):
        read_contest_table(tmp_path / "two.xlsx", needs=())
    (tmp_path / "bad.xlsx").write_bytes(b"PK no")
    with pytest.raises(ValueError, match="not a whole Excel file"):
        read_contest_table(tmp_path / "bad.xlsx", needs=())


def test_a_date_of_excel_is_a_date(tmp_path: Path) -> None:
    rows = '<row r="1"><c t="inlineStr"><is><t>dob</t></is></c></row>'
    rows += '<row r="2"><c s="1"><v>37256</v></c></row>'
    draw_excel(tmp_path / "t.xlsx", rows)
    assert read_contest_table(tmp_path / "t.xlsx", needs=())["dob"].tolist() == ["2001-12-31"]


def test_parquet_json_and_json_lines(tmp_path: Path) -> None:
    pd.DataFrame(ROWS).to_parquet(tmp_path / "t.parquet")
    pd.DataFrame(ROWS).set_index("id").to_parquet(tmp_path / "index.parquet")
    (tmp_path / "t.json").write_text(json.dumps(ROWS))
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps(row) for row in ROWS))
    for name in ("t.parquet", "index.parquet", "t.json", "t.jsonl"):
        check(tmp_path / name)


def test_json_by_the_names_of_images(tmp_path: Path) -> None:
    path = tmp_path / "metadata.json"
    path.write_text(json.dumps({"a.mp4": {"label": "REAL"}, "b.mp4": {"label": "FAKE"}}))
    assert read_contest_table(path, needs=("file_name", "label"))["label"].tolist() == [
        "REAL",
        "FAKE",
    ]
    path.write_text(json.dumps({"a.jpg": 0, "b.jpg": 1}))
    assert read_contest_table(path, needs=())["label"].tolist() == ["0", "1"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("t.json", "{", "not JSON"),
        ("t.json", '{"images": [], "n": 1}', "no table"),
        ("t.jsonl", '{"a": 1}\n{"a"', "line 2: not JSON"),
        ("t.json", '[{"a": {"bytes": "x"}}]', "the column 'a' holds images"),
        ("t.parquet", "no", "not a parquet table"),
        ("t.csv.gz", "no", "not a whole gzip file"),
    ],
)
def test_what_is_no_table_is_a_sentence(name: str, text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=says):
        read_contest_table(tmp_path / name, needs=())


def test_packed_tables(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    with zipfile.ZipFile(tmp_path / "t.csv.zip", "w") as archive:
        archive.writestr("t.csv", CSV)
    for path in (tmp_path / "t.csv.gz", tmp_path / "t.csv.zip", tmp_path / "t.csv.zip/t.csv"):
        check(path)
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(CSV.encode())[:-9])
    with pytest.raises(ValueError, match="cut off"):
        read_contest_table(tmp_path / "cut.csv.gz", needs=())
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", CSV)
        archive.writestr("b.csv", CSV)
    with pytest.raises(ValueError, match="it holds 2 tables"):
        read_contest_table(tmp_path / "two.zip", needs=())


def test_western_text_is_read_and_said(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes("id;Gefühl\n1;müde\n2;fröhlich\n".encode("cp1252"))
    assert read_contest_table(path, needs=("Gefühl",))["Gefühl"].tolist() == ["müde", "fröhlich"]
    assert "'Gefühl'" in say_encoding(path)
    path.write_text("id;Gefühl\n", encoding="utf-8")
    assert say_encoding(path) == ""
    assert find_encoding("男,女".encode("gb18030")) == "utf-8-sig"
