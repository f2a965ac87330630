"""Tables that lie: a sentence with file, line and value, and never a shifted column."""

import time
from pathlib import Path

import pytest

from pipeline.labels.containers import MOST_CELL
from pipeline.labels.csv_reader import read_contest_table, read_csv
from pipeline.labels.layouts import place_status


def write(folder: Path, raw: bytes | str) -> Path:
    path = folder / "train.csv"
    path.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return path


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        ("id;age\n1;2\n", "semicolons part its cells; save it with commas"),
        ("id\tage\n1\t2\n", "tabs part its cells"),
        ("id,age\n1,2,\n3,4,\n", "line 2: 3 cells (1, 2, ), but the header has 2 columns"),
        ("id,age\n1\n2,3,4\n5,6\n7\n8\n", "; 4 lines are so: also 3, 5, ..."),
        ("id,age\n1,2\n\n3\n", "line 4: 1 cells (3), but the header has 2 columns"),
        ("id,age,age\n1,2,3\n", "line 1: the column 'age' stands twice"),
        ("a.jpg,0,0\nb.jpg,1,0\n", "stands twice; is it a row? Write a line with the names"),
        ("id,ages\n1,2\n", "no column 'age'; did you mean 'ages'? its columns are 'id', 'ages'"),
        ('id,age\n"1,2\n3,4\n', "line 2: not a CSV table"),
        ("id,age\n1,2\n3,\0\n", "line 3: not a CSV table: a zero byte"),
        ("id,age\n1,é\n".encode("latin-1"), "line 2: not UTF-8 text (byte 0xe9); save it as UTF-8"),
        ("id,age\n1,2\n".encode("utf-16")[:-1], "not whole UTF-16 text; save it as UTF-8"),
        ("id,age\n1,口罩\n".encode("gb18030"), "line 2: not UTF-8 text"),
        ("id,age\n1,Привет\n".encode("cp1251"), "line 2: not UTF-8 text"),
        ("id,age\n1," + "2" * (MOST_CELL + 1), "line 2: not a CSV table: field larger"),
    ],
)
def test_what_is_wrong_is_a_sentence_with_its_line(
    raw: bytes | str, says: str, tmp_path: Path
) -> None:
    path = write(tmp_path, raw)
    with pytest.raises(ValueError) as caught:
        read_csv(path, needs=("id", "age"))
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbfid,age\n007,NA\n1e3,\n",
        b"id,age\r\n007,NA\r\n1e3,\r\n",
        b"id,age\r007,NA\r1e3,\r",
        b"\nid,age\n\n007,NA\n\n1e3,\n\n",
        b'"id","age"\n"007","NA"\n"1e3",""\n',
        "id,age\n007,NA\n1e3,\n".encode("utf-16"),
    ],
    ids=["BOM", "CRLF", "CR", "blank lines", "quotes", "UTF-16"],
)
def test_texts_stay_as_they_stand(raw: bytes, tmp_path: Path) -> None:
    frame = read_csv(write(tmp_path, raw), needs=("id", "age"))
    assert frame.to_dict("list") == {"id": ["007", "1e3"], "age": ["NA", ""]}


def test_the_line_is_what_an_editor_shows(tmp_path: Path) -> None:
    frame = read_csv(write(tmp_path, 'id,age\n"two\nlines",1\n\nb,2\n'), needs=())
    assert (frame.index + 2).tolist() == [2, 5]


def test_a_million_rows_take_seconds(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    with path.open("w") as file:
        file.write("id,age\n")
        file.writelines(f"{number:07d}.jpg,{number % 90}\n" for number in range(1_000_000))
    started = time.process_time()
    frame = read_csv(path, needs=("id",))
    assert len(frame) == 1_000_000
    assert time.process_time() - started < 30


def test_a_path_that_leaves_the_root_is_never_looked_at(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "images").mkdir(parents=True)
    for secret in (tmp_path / "secret.jpg", tmp_path / "root2.jpg", root / "images/a.jpg"):
        secret.touch()
    (root / "loop").symlink_to(root / "loop")
    for path in ("../secret.jpg", "images/../../secret.jpg", str(tmp_path / "secret.jpg"), "a\0"):
        assert place_status(root, path)["status"] == "outside", path
    assert place_status(root, "images/a.jpg") == {}
    assert place_status(root, "images/../images/a.jpg") == {}
    assert place_status(root, "loop/a.jpg")["status"] == "missing"
    assert place_status(root, "x" * 300)["status"] == "unreadable"


@pytest.mark.parametrize(
    ("raw", "rows"),
    [
        ("id\tage\nb.jpg\t(25, 32)\n", [["b.jpg", "(25, 32)"]]),
        ("id;age\nb.jpg;0,5\n", [["b.jpg", "0,5"]]),
        ("id|age\nb.jpg|\n", [["b.jpg", ""]]),
        ('id,age\nb.jpg,"x;y"\n', [["b.jpg", "x;y"]]),
        ("id,a;b\nb.jpg,1\n", [["b.jpg", "1"]]),  # commas, and a semicolon in a name
    ],
)
def test_a_contest_s_table_is_parted_as_its_header_shows(
    raw: str, rows: list[list[str]], tmp_path: Path
) -> None:
    frame = read_contest_table(write(tmp_path, raw), needs=("id",))
    assert frame.to_numpy().tolist() == rows


def test_celeba_s_own_list_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "2\nMale Young\n1.jpg  -1  1\n2.jpg   1 -1\n")
    frame = read_contest_table(path, needs=("image_id", "Male"))
    assert frame.to_dict("list") == {
        "image_id": ["1.jpg", "2.jpg"],
        "Male": ["-1", "1"],
        "Young": ["1", "-1"],
    }
    assert (frame.index + 2).tolist() == [3, 4]
    with pytest.raises(ValueError, match="line 1: says 3 rows, but there are 1"):
        read_contest_table(write(tmp_path, "3\nMale Young\n1.jpg -1 1\n"), needs=())
    with pytest.raises(ValueError, match="line 4: 2 cells, needed are 3"):
        read_contest_table(write(tmp_path, "2\nMale Young\n1.jpg -1 1\n2.jpg 1\n"), needs=())
