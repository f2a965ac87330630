"""The parts of doctor that need a network."""
