"""The layers of stack."""
