"""The files that a person names for us to write."""
