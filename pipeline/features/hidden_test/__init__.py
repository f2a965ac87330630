"""Other test images, answered with the trained cells: crops, predictions, submission."""
