"""Colours of charts and pages can be read, in light and in dark (WCAG 2, level AA)."""

import pytest

from pipeline.figures.palette import DARK, LIGHT, NUM_TONES


def luminance(colour: str) -> float:
    """WCAG 2: of an sRGB colour."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    one, other = sorted((luminance(first), luminance(second)), reverse=True)
    return (one + 0.05) / (other + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_everything_can_be_read_by_wcag_aa(colours: dict[str, str]) -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    for ground in ("paper", "card"):
        for word in ("ink", "soft", "link", "alarm"):
            assert contrast(colours[word], colours[ground]) >= 4.5, (word, ground)
        for tone in range(NUM_TONES):
            assert contrast(colours[f"tone{tone}"], colours[ground]) >= 3.0, (tone, ground)
    for ground in ("fill", "wrong"):  # the darkest a cell of a grid becomes
        assert contrast(colours["ink"], colours[ground]) >= 4.5, ground


def test_both_modes_have_the_same_names_and_no_colour_stands_for_two() -> None:
    assert set(LIGHT) == set(DARK)
    assert len(set(LIGHT.values())) == len(LIGHT)  # a drawing's colours are told apart by value
