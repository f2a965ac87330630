"""Settings laid under others, as `defaults:` lie under every member."""

from typing import Any


def lay_under(defaults: Any, own: Any) -> Any:
    """The own settings, and of the defaults what they leave open, section by section.

    Only sections (dict) are merged: a list or a value of its own replaces the default's as a whole.
    """
    if not isinstance(defaults, dict) or not isinstance(own, dict):
        return own
    merged = dict(defaults)
    for key, value in own.items():
        merged[key] = lay_under(defaults[key], value) if key in defaults else value
    return merged
