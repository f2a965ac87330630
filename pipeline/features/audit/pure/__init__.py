"""Doubts about the data before a score is believed: copies, leaks, shift, wrong labels. Pure."""
