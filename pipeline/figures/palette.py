"""Colours of charts and pages. Every colour has its pair in the dark; a test holds the contrast."""

LIGHT = {
    "paper": "#fbfbf9",
    "card": "#ffffff",
    "ink": "#1b2025",
    "soft": "#59626c",
    "line": "#dcdfe2",
    "link": "#1f5f8b",
    "fill": "#9ccaea",
    "wrong": "#f3b9a0",
    "alarm": "#a33b12",
    "tone0": "#1f6a9e",
    "tone1": "#b9531a",
    "tone2": "#2f7d4f",
    "tone3": "#8b3f93",
    "tone4": "#866800",
    "tone5": "#5b6670",
}
DARK = {
    "paper": "#13171b",
    "card": "#1a1f24",
    "ink": "#e8ebee",
    "soft": "#a6b0ba",
    "line": "#353d45",
    "link": "#85c1ef",
    "fill": "#235e8b",
    "wrong": "#8a3b1d",
    "alarm": "#f29a75",
    "tone0": "#6fb6ec",
    "tone1": "#f0995f",
    "tone2": "#79cc95",
    "tone3": "#d79ae2",
    "tone4": "#dfbe55",
    "tone5": "#adb7c0",
}
NUM_TONES = 6
BLUE, ORANGE, GREEN, GREY = (LIGHT[f"tone{n}"] for n in (0, 1, 2, 5))
DASHES = ("-", (0, (6, 3)), (0, (2, 3)), (0, (9, 3, 2, 3)), (0, (4, 2, 1, 2)), (0, (1, 4)))


def tone(number: int) -> str:
    """The colour of a curve or row by its number; they repeat after `NUM_TONES`."""
    return LIGHT[f"tone{number % NUM_TONES}"]


def dash(number: int) -> str | tuple:
    """The line style that goes with a tone: colour must not be the only difference."""
    return DASHES[number % NUM_TONES]
