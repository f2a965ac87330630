"""Rows that stand for several images: a video becomes its frames, a folder the images in it.

Each image is a row of its own then, and the group of all is what the row was called.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from pipeline.images.video import UnreadableVideoError, VideoFacts, measure_video
from pipeline.labels.answer_groups import GROUP
from pipeline.labels.frames import frame_path, is_video
from pipeline.labels.layouts import junk_reason
from pipeline.tables import OK

READABLE = (OK, "unlabelled")


def expand_folders(images: pd.DataFrame, *, root: Path) -> tuple[pd.DataFrame, list[str]]:
    """The images table in which a row that names a folder is a row an image of it."""
    lost = images.index[images["status"] == "missing"]
    paths = images.loc[lost, "path"].to_dict()
    files = {row: _list_images(root, path) for row, path in paths.items() if path}
    files = {row: found for row, found in files.items() if found}
    if not files:
        return images, []
    grouped = _named_by_ids(images)
    parts = []
    for row, found in files.items():
        part = pd.concat([grouped.loc[[row]]] * len(found))
        names = [path.rpartition("/")[2] for path in found]
        ids = [f"{grouped.at[row, 'image_id']}/{name}" for name in names]
        parts.append(part.assign(image_id=ids, path=found, status=OK, message=""))
    number = sum(len(found) for found in files.values())
    note = f"{_rows(len(files), 'folder')} with {number} images; each row is answered from its own"
    return _replace(grouped, parts), [note]


def expand_videos(
    images: pd.DataFrame, *, root: Path, num_frames: int
) -> tuple[pd.DataFrame, list[str]]:
    """The images table in which a row that names a video is a row a frame, `num_frames` evenly
    spaced ones or all of a shorter video. A video that can't be read stays a row, `unreadable`."""
    videos = images.index[images["status"].isin(READABLE) & images["path"].map(is_video)]
    if not len(videos):
        return images, []
    grouped = _named_by_ids(images).astype({"status": object, "message": object})
    paths = grouped.loc[videos, "path"].tolist()
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda path: _measure(root / path), paths))
    parts, broken = [], []
    for row, path, facts in zip(videos, paths, found, strict=True):
        if isinstance(facts, str):
            broken.append(facts)
            part = grouped.loc[[row]].assign(status="unreadable", message=facts)
        else:
            total = min(num_frames, facts.num_frames)
            numbers = range(total)
            part = pd.concat([grouped.loc[[row]]] * total)
            part["image_id"] = [f"{grouped.at[row, 'image_id']}@{number}" for number in numbers]
            part["path"] = [frame_path(path, number=number, total=total) for number in numbers]
        parts.append(part)
    notes = [
        f"{_rows(len(videos), 'video')}: up to {num_frames} frames of each, evenly spaced, are its "
        "images (competition.frames)"
    ]
    if broken:
        notes.append(f"{len(broken)} of {len(videos)} videos can't be read, the first: {broken[0]}")
    return _replace(grouped, parts), notes


def _named_by_ids(images: pd.DataFrame) -> pd.DataFrame:
    """The table with each image's group: what its row is called where nothing else names it."""
    if GROUP in images.columns:
        return images
    return images.assign(**{GROUP: images["image_id"].astype(object)})


def _replace(images: pd.DataFrame, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The table with rows of `parts` in the places of the rows that they came from."""
    new = pd.concat(parts)
    kept = images.drop(index=new.index.unique())
    return pd.concat([kept, new]).sort_index(kind="stable").reset_index(drop=True)


def _measure(path: Path) -> VideoFacts | str:
    try:
        return measure_video(path)
    except UnreadableVideoError as error:
        return str(error)


def _list_images(root: Path, path: str) -> list[str]:
    """The images and videos that lie in a folder, below root; none where there is no folder."""
    folder = root / path
    if ".." in Path(path).parts or Path(path).is_absolute() or not folder.is_dir():
        return []
    files = sorted(file for file in folder.iterdir() if file.is_file() and not junk_reason(file))
    return [file.relative_to(root).as_posix() for file in files]


def _rows(number: int, what: str) -> str:
    return f"1 row names a {what}" if number == 1 else f"{number} rows name {what}s"
