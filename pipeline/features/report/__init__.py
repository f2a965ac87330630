"""The sections of a report: each reads stored tables and gives a part of the page."""
