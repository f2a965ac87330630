"""Who is in which image."""
