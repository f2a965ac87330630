"""Given hours, the best submission: candidates in order of expected gain for their cost."""
