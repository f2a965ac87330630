"""The parts of audit."""
