"""What a person sees while the work runs: colours, durations in words, bars with a time left."""

from pipeline.console.colours import paint
from pipeline.console.duration import say_duration
from pipeline.console.progress import Bar, follow, hide_bars, say

__all__ = ["Bar", "follow", "hide_bars", "paint", "say", "say_duration"]
