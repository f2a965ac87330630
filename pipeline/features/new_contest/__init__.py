"""From the folder of a contest that nobody described to a config with a reason for every line."""
