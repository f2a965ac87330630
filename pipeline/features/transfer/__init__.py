"""Another contest's networks on this contest."""
