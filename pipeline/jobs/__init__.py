"""Jobs of a stage, here, in processes beside, or on a cluster."""
