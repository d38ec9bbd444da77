"""From a place in opencode 2 to the same place in opencode 1.

They agree on git. Opencode 1 knows nothing else: where opencode 2 has a project of one directory, or of a Mercurial
repository, it has the project "global", and a path that is the directory without its leading slash. (Both seen with
1.18.34; an hg repository inside a git one, which opencode 1 takes for a part of that, is not told apart here.)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from migrator.model import GLOBAL, Binding
from migrator.paths import from_root

if TYPE_CHECKING:
    from migrator.model import Place


def place_of_opencode_1(place: Place) -> Place:
    """Return what opencode 1 makes of the directory of a place in opencode 2."""
    if not _is_only_in_opencode_2(place.project_id, place.vcs):
        return place
    binding = binding_of_opencode_1(place.binding, place.vcs)
    follows = binding if place.follows else None
    return replace(
        place, project_id=GLOBAL, worktree="/", path=binding.path or "", vcs=None, project_worktree="/", follows=follows
    )


def binding_of_opencode_1(binding: Binding, vcs: str | None) -> Binding:
    """Return the binding that opencode 1 has where opencode 2 has this one, in a project with this `vcs`."""
    if not _is_only_in_opencode_2(binding.project_id, vcs):
        return binding
    return Binding(GLOBAL, binding.directory, from_root(binding.directory), binding.workspace_id)


def _is_only_in_opencode_2(project_id: str, vcs: str | None) -> bool:
    """Tell whether opencode 1 has no such project. Both have "global" for a git repository without a commit."""
    return project_id != GLOBAL and vcs != "git"
