"""The habits of careful training as arithmetic and words: what to expect, what to pick. Pure."""
