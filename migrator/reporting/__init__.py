"""Turning results into text, JSON and tables; one file per format."""
