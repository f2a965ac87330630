"""The plain ways that the pipeline is compared with."""
