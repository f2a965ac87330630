"""The parts of explain."""
