"""Seconds as people say them."""


def say_duration(seconds: float) -> str:
    """`40 s`, `3 min`, `2.5 h` or `3.1 days`; never more exact than the number deserves, and no
    rounding changes it by more than a quarter."""
    if seconds < 119.5:
        return f"{max(0.0, seconds):.0f} s"
    minutes = seconds / 60.0
    if minutes < 99.5:
        return f"{minutes:.0f} min"
    hours = minutes / 60.0
    return f"{hours:.1f} h" if hours < 48.0 else f"{hours / 24.0:.1f} days"
