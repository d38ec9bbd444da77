"""Sessions that opencode can't show or resume where they belong: why, with evidence, and where home is."""
