"""The ensemble as one callable, and what it is asked about."""
