"""Files of boxes beside images as a table with a row a face: VOC's XML, YOLO's lines, COCO's JSON.

A detection contest asks where the faces are; these boxes with their class are read so that each
face is classified.
"""

import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from xml.etree import ElementTree

import pandas as pd

from pipeline.config.yaml12 import read_yaml
from pipeline.features.new_contest.meeting import ImageIndex
from pipeline.features.new_contest.survey import Survey
from pipeline.images.read import UnreadableImageError, measure_image
from pipeline.labels.table_text import read_table_text

COLUMNS = ("file", "x1", "y1", "x2", "y2", "label")
NAME_FILES = ("classes.txt", "obj.names", "_darknet.labels", "labels.txt")
YOLO_CELLS = 5  # the class and four shares of the image's sides
LEAST = 5  # files beside as many images, to be one for each
Row = tuple[str, str, str, str, str, str]


def read_box_files(survey: Survey, index: ImageIndex) -> tuple[pd.DataFrame, list[str]] | None:
    """The faces of all files of boxes, and these files; None where there are none, or of one class.

    Raises ValueError naming a file that is damaged.
    """
    stems = {PurePosixPath(path).stem for path in survey.images}
    xml = [p for p in survey.others.get(".xml", ()) if PurePosixPath(p).stem in stems]
    lines = [p for p in survey.tables if p.endswith(".txt") and PurePosixPath(p).stem in stems]
    coco = [p for p in survey.tables if p.endswith(".json") and "test" not in p.casefold()]
    for files, read in ((xml, _read_voc), (lines, _read_yolo)):
        if len(files) >= LEAST and 2 * len(files) >= len(stems):
            return _to_table(read(survey, files, index), files)
    return _to_table(_read_coco(survey, coco, index), coco) if coco else None


def _to_table(rows: Iterator[Row], files: list[str]) -> tuple[pd.DataFrame, list[str]] | None:
    frame = pd.DataFrame(list(rows), columns=list(COLUMNS), dtype=str)
    return (frame, files) if frame["label"].nunique() > 1 else None


def _file(index: ImageIndex, *names: str) -> str:
    """The image that one of the names means; the first name where none lies there."""
    for name in names:
        files = index.find(name)
        if files:
            return files[0]
    return names[0]


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _read_voc(survey: Survey, files: list[str], index: ImageIndex) -> Iterator[Row]:
    for path in files:
        try:
            root = ElementTree.fromstring((survey.root / path).read_bytes())
            for found in root.iter("object"):
                box = found.find("bndbox")
                corners = [
                    _number(float(box.findtext(key) or ""))  # type: ignore[union-attr]
                    for key in ("xmin", "ymin", "xmax", "ymax")
                ]
                label = (found.findtext("name") or "").strip()
                stem = PurePosixPath(path).stem
                file = _file(index, stem, root.findtext("filename") or stem)
                yield (file, corners[0], corners[1], corners[2], corners[3], label)
        except (ElementTree.ParseError, ValueError, AttributeError) as error:
            raise ValueError(f"new: {path}: no boxes as VOC writes them: {error}") from None


def _read_yolo(survey: Survey, files: list[str], index: ImageIndex) -> Iterator[Row]:
    names = _yolo_names(survey)
    for path in files:
        stem = PurePosixPath(path).with_suffix("")
        parts = [part for part in stem.parts if part.casefold() not in ("labels", "annotations")]
        file = _file(index, "/".join(parts), stem.name)
        try:
            width, height = measure_image(survey.root / file)
        except UnreadableImageError:  # index says so
            continue
        for line in read_table_text(survey.root / path).splitlines():
            cells = line.split()
            if len(cells) < YOLO_CELLS:
                continue
            try:
                x, y, w, h = (float(cell) for cell in cells[1:YOLO_CELLS])
            except ValueError:
                raise ValueError(f"new: {path}: no boxes as YOLO writes them: {line!r}") from None
            corners = ((x - w / 2) * width, (y - h / 2) * height)
            others = ((x + w / 2) * width, (y + h / 2) * height)
            first, second = (_number(value) for value in corners)
            third, fourth = (_number(value) for value in others)
            yield (file, first, second, third, fourth, names.get(cells[0], cells[0]))


def _yolo_names(survey: Survey) -> dict[str, str]:
    """Class number -> name, where a file of names lies there."""
    for path in (*survey.others.get(".yaml", ()), *survey.others.get(".yml", ())):
        try:
            text = (survey.root / path).read_text(encoding="utf-8")
            found, _ = read_yaml(text, name=path)  # YAML 1.1 would read `on` as True
        except ValueError:
            continue
        names = found.get("names") if isinstance(found, dict) else None
        if isinstance(names, list):
            return {str(number): str(name) for number, name in enumerate(names)}
        if isinstance(names, dict):
            return {str(number): str(name) for number, name in names.items()}
    every = [*survey.tables, *survey.others.get(".names", ()), *survey.others.get(".labels", ())]
    for path in every:
        if PurePosixPath(path).name.casefold() in NAME_FILES:
            lines = read_table_text(survey.root / path).splitlines()
            return {str(n): line.strip() for n, line in enumerate(lines) if line.strip()}
    return {}


def _read_coco(survey: Survey, files: list[str], index: ImageIndex) -> Iterator[Row]:
    for path in files:
        try:
            found: Any = json.loads(read_table_text(survey.root / path))
        except ValueError:
            continue
        if not isinstance(found, dict) or not {"images", "annotations"} <= set(found):
            continue
        try:
            names = {one["id"]: str(one["name"]) for one in found.get("categories", ())}
            images = {one["id"]: str(one["file_name"]) for one in found["images"]}
            for one in found["annotations"]:
                left, top, width, height = (float(number) for number in one["bbox"])
                file = _file(index, images[one["image_id"]])
                label = names.get(one["category_id"], str(one["category_id"]))
                corners = [_number(v) for v in (left, top, left + width, top + height)]
                yield (file, corners[0], corners[1], corners[2], corners[3], label)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"new: {path}: no boxes as COCO writes them: {error!r}") from None
