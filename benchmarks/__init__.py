"""How fast the pipeline is, against the plain ways."""
