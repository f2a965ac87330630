"""One cell from settings to weights: what train calls."""
