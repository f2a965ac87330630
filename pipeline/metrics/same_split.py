"""Whether two answers were judged on the same people in the same folds. Pure."""

import pandas as pd

from pipeline.tables import pick


def find_difference(first: pd.DataFrame, second: pd.DataFrame, *, names: tuple[str, str]) -> str:
    """What differs between two tables of held-out images (image_id, person_id, fold), with the
    first image of it; '' when they are the same."""
    one, other = set(first["image_id"]), set(second["image_id"])
    a, b = names
    for has, lacks, extra in ((a, b, one - other), (b, a, other - one)):
        if extra:
            count = f"{len(extra)} images" if len(extra) > 1 else "an image"
            return f"{has} answers {count} that {lacks} does not; the first is {min(extra)!r}"
    second = pick(second, first["image_id"], what="folds")
    for column, what in (("person_id", "person"), ("fold", "fold")):
        mine = first[column].astype(str).to_numpy()
        theirs = second[column].astype(str).to_numpy()
        if (mine != theirs).any():
            row = int((mine != theirs).argmax())
            num_images = int((mine != theirs).sum())
            return (
                f"the {what} of {num_images} images differs; the first is "
                f"{first['image_id'].iloc[row]!r}, {what} {mine[row]} in {a} and {theirs[row]} "
                f"in {b}"
            )
    return ""
