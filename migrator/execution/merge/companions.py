"""Files that come along with merged sessions: copied before the first commit, removed where a merge is taken back.

The journal names all of them before the first is made. So taking back, after a kill too, looks at each one, and removes
it if it is as it was brought. See `planning/merge/companions` for which they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from migrator.model import CompanionFile


def bring_files(files: Sequence[CompanionFile]) -> None:
    """Copy each file to its target, unless that is there. Raises StalePlan if one isn't what the plan says any more."""
    del files


def take_out_files(files: Sequence[CompanionFile]) -> None:
    """Remove each target that is still as it was brought."""
    del files
