"""Draws a whole competition from a seed, for machines that have no data. Reads nothing."""
