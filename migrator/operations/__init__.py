"""The verbs: one file for each, which says what its stages are and in which order they run."""
