"""Runs the jobs of a stage: in this process, in several, or on a cluster."""
