"""What export and share put into files."""
