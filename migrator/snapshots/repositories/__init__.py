"""Snapshot repositories and their worktrees: where they are, the route from one to another, and carrying objects."""
