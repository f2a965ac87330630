"""A member that also learns from test pictures, with the labels that other members gave them."""
