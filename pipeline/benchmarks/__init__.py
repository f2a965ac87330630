"""Measuring against what a competitor would otherwise write: pairs of runs, and the peers' code."""
