"""Ids of the rows of contest's tables: each once, the test rows' as the contest has them."""

from pathlib import Path


def check_row_ids(rows: list[dict], file: Path) -> None:
    """Raises ValueError for an id that two test rows have, or two train rows of unlike files."""
    paths: dict[tuple[str, str], str] = {}
    for row in rows:
        key = (row["part"], row["image_id"])
        if key not in paths:
            paths[key] = row["path"]
        elif row["part"] == "test":
            raise ValueError(
                f"{file}: the id {row['image_id']!r} stands in two test rows; each id is answered "
                "once: take the second row away"
            )
        elif paths[key] != row["path"]:
            raise ValueError(
                f"{file}: the id {row['image_id']!r} stands in two rows of unlike files, "
                f"{paths[key]} and {row['path']}"
            )


def rename_shared_ids(rows: list[dict]) -> None:
    """Makes the ids unique: train rows whose id a test row has get `train/` before it, and later
    rows of one train id get their number behind it. The test ids are the contest's own and stay."""
    test_ids = {row["image_id"] for row in rows if row["part"] == "test"}
    counts: dict[str, int] = {}
    for row in rows:
        if row["part"] != "train":
            continue
        image_id = row["image_id"]
        counts[image_id] = counts.get(image_id, 0) + 1
        if image_id in test_ids:
            row["image_id"] = f"train/{image_id}"
        if counts[image_id] > 1:
            row["image_id"] = f"{row['image_id']}#{counts[image_id]}"
