"""A member that also learns from test images, with the labels that other members gave them."""
