"""Stored predictions to decided answers; shared by evaluate, ensemble, stack and others."""
