"""What work will take, and what it took."""
