"""From many predictions to one answer: blending, selection, stacking, pooling. Pure."""
