"""Given hours, the best submission: candidates in order of expected gain a minute."""
