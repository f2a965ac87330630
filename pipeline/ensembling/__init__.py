"""Many answers to one: blending of voters, and the contest's answer file. Pure."""
