"""What can be taken away without anybody noticing: features do not import each other."""
