"""A member that learns what other members answer, in place of the labels: a student."""
