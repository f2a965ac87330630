"""What is in the data before training: figures and sheets of crops."""
