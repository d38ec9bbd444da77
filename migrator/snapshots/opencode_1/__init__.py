"""File undo of opencode 1: each turn has the absolute paths of its files, and what an undo can't find it deletes."""
