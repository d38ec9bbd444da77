"""What a directory is to opencode, version 1 or 2: its project, its worktree, its path below that."""

from migrator.places.checkout import ProjectIdScheme
from migrator.places.place_finder import Places

__all__ = ["Places", "ProjectIdScheme"]
