"""Pixels to tensors: reading, augmentation, the one evaluation transform, batches, views."""
