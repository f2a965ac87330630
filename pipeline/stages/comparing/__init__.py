"""Who is compared on what; shared by evaluate and compare."""
