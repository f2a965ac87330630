"""Crops that lie on the device, picked and augmented there."""
