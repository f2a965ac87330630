"""Who is in which picture."""
