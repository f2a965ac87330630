"""The habits and the study of tune."""
