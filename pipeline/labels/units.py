"""What scores count beside images: people where everybody is named, else groups or nothing."""

from typing import Literal

Unit = Literal["people", "groups", "images"]  # groups: people, look-alikes, and images alone


def count_words(num_images: int, num_units: int, unit: Unit) -> str:
    """`3,241 images of 463 people`, or what is known instead."""
    if unit == "people":
        return f"{num_images:,} images of {num_units:,} people"
    if unit == "groups":
        return f"{num_images:,} images in {num_units:,} groups"
    return f"{num_images:,} images (nobody is named)"
