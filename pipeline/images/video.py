"""Frames of videos as RGB pixels, evenly spaced, each video decoded once from its start.

Seeking is not used: it decodes from the key frame before the wanted one, and with 16 frames a video
that is more work than one pass.
"""

import os
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from pipeline.labels.containers import find_container

_KEPT = 3  # videos whose frames are held: threads ask for the frames of one after another


@dataclass
class _Decoded:
    """A video's frames once one thread has decoded them; others wait for its lock."""

    lock: Lock = field(default_factory=Lock)
    frames: list[np.ndarray] | None = None


_videos: "OrderedDict[tuple, _Decoded]" = OrderedDict()
_lock = Lock()


class UnreadableVideoError(ValueError):
    """A file that is no video, or one without a frame; the message says which."""


@dataclass(frozen=True)
class VideoFacts:
    """What a video's header says."""

    num_frames: int
    width: int
    height: int


def measure_video(path: Path) -> VideoFacts:
    """Frames, width and height of a video, by its header; counted where the header does not say.

    Raises UnreadableVideoError naming the file.
    """
    return _measure(path, _version(path))


@lru_cache(maxsize=1024)
def _measure(path: Path, version: tuple[int, int]) -> VideoFacts:
    """As measure_video; `version` is the file's, so that another file of the name is looked at."""
    import cv2

    film = _open(path)
    try:
        number = int(film.get(cv2.CAP_PROP_FRAME_COUNT))
        width, height = (
            int(film.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        if number < 1:
            number = 0
            while film.grab():
                number += 1
    finally:
        film.release()
    if number < 1 or width < 1 or height < 1:
        raise UnreadableVideoError(f"{path.name}: a video without a frame that can be read")
    return VideoFacts(number, width, height)


def frame_places(num_frames: int, total: int) -> list[int]:
    """Which frames are taken: the middles of `total` equal parts, from 0 on."""
    return [int((number + 0.5) * num_frames / total) for number in range(total)]


def read_frame(path: Path, *, number: int, total: int) -> np.ndarray:
    """One of `total` evenly spaced frames as (height, width, 3) uint8 RGB.

    Raises UnreadableVideoError naming the file where it can't be decoded.
    """
    frames = _frames_of(path, total)
    if number >= len(frames):
        raise UnreadableVideoError(
            f"{path.name}: frame {number + 1} of {total} can't be decoded, the video ends before"
        )
    return frames[number]


def _frames_of(path: Path, total: int) -> list[np.ndarray]:
    """The video's frames, of the last few videos without decoding them again."""
    key = (str(path), _version(path), total)
    with _lock:
        video = _videos.setdefault(key, _Decoded())
        while len(_videos) > _KEPT:
            _videos.popitem(last=False)
    with video.lock:
        if video.frames is None:
            video.frames = _decode(path, total)
        return video.frames


def _decode(path: Path, total: int) -> list[np.ndarray]:
    """The frames that are wanted, as far as the file can be decoded."""
    wanted = frame_places(measure_video(path).num_frames, total)
    frames: list[np.ndarray] = []
    film = _open(path)
    try:
        place = 0
        for index in wanted:
            while place < index and film.grab():
                place += 1
            found, pixels = film.read() if place == index else (False, None)
            if not found or pixels is None:
                break
            place += 1
            frames.append(np.ascontiguousarray(pixels[:, :, ::-1]))  # OpenCV gives blue first
    finally:
        film.release()
    return frames


def _version(path: Path) -> tuple[int, int]:
    """What changes when the file is another. Raises UnreadableVideoError when it is not there."""
    try:
        if find_container(path) is not None:
            raise UnreadableVideoError(f"{path.name}: lies in an archive; videos are read unpacked")
        found = os.stat(path)
    except OSError as error:
        raise UnreadableVideoError(f"{path.name}: {(error.strerror or '').lower()}") from None
    return found.st_size, found.st_mtime_ns


def _open(path: Path) -> Any:
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # a broken file is told in one sentence
    import cv2

    film = cv2.VideoCapture(str(path))
    if not film.isOpened():
        film.release()
        raise UnreadableVideoError(f"{path.name}: not a video that can be read")
    return film
