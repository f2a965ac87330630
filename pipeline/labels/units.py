"""What scores count beside images: people where everybody is named, else groups or nothing."""

from typing import Literal

Unit = Literal["people", "groups", "images"]  # groups: people, look-alikes, and images alone


def count_words(num_images: int, num_units: int, unit: Unit, *, per: str = "") -> str:
    """`3,241 images of 463 people`, or what is known instead.

    Where a row is answered from several images, `per` says what it stands for: `40 answers, one per
    album_id`.
    """
    if per:
        said = f"{num_images:,} answers, one per {per}"
        if unit == "people":
            return f"{said}, of {num_units:,} people"
        return said if num_units in (0, num_images) else f"{said}, in {num_units:,} groups"
    if unit == "people":
        return f"{num_images:,} images of {num_units:,} people"
    if unit == "groups":
        return f"{num_images:,} images in {num_units:,} groups"
    return f"{num_images:,} images (nobody is named)"
