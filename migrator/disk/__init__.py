"""The disk itself: what is there, as far as it can be told, and whose it is."""
