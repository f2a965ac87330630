"""A frame of a video as an image of its own: how its path is written. Pure.

`clip.mp4#frame=3of16` is the frame in the middle of the fourth of 16 equal parts of clip.mp4.
"""

import re
from pathlib import Path

VIDEO_ENDINGS = (".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg")
_FRAME = re.compile(r"^(?P<video>.*)#frame=(?P<number>\d+)of(?P<total>\d+)$", re.DOTALL)


def is_video(path: str | Path) -> bool:
    """Whether a path names a video by its ending."""
    return str(path).lower().endswith(VIDEO_ENDINGS)


def frame_path(video: str, *, number: int, total: int) -> str:
    """The path of one of `total` frames of a video, by its number from 0 on."""
    return f"{video}#frame={number}of{total}"


def split_frame(path: str | Path) -> tuple[str, int, int] | None:
    """The video, the number and the total behind a frame's path; None for a file of its own."""
    found = _FRAME.match(str(path))
    if found is None or not is_video(found["video"]):
        return None
    return found["video"], int(found["number"]), int(found["total"])
