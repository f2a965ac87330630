"""What a task, a class and an answer mean, and the readers of raw layouts."""
