"""Test images that can't be seen: the setting that the sentence names lets them pass."""

import re
from pathlib import Path

import pandas as pd
import pytest

from pipeline.preprocessing.unseen_images import check_test_images


def images(unseen: int, of: int) -> pd.DataFrame:
    rows = [
        {"image_id": f"{n}.jpg", "path": f"{n}.jpg", "part": "test", "status": "ok", "message": ""}
        for n in range(of)
    ]
    frame = pd.DataFrame(rows)
    frame.loc[: unseen - 1, ["status", "message"]] = ["missing", "no such file"]
    return frame


@pytest.mark.parametrize(
    ("unseen", "of"), [(1, 8), (1, 7), (29, 100), (1, 400), (1, 3000), (3, 3), (2, 3)]
)
def test_the_named_share_is_large_enough(unseen: int, of: int, tmp_path: Path) -> None:
    frame = images(unseen, of)
    with pytest.raises(ValueError, match="missing_test") as stopped:
        check_test_images(frame, root=tmp_path, most=0.0)
    (share,) = re.findall(r"missing_test: ([\d.]+) would", str(stopped.value))
    assert float(share) <= 1.0
    assert "are answered without a look" in check_test_images(
        frame, root=tmp_path, most=float(share)
    )
    assert ("infer -c NAME test=FOLDER" in str(stopped.value)) == (unseen == of)
