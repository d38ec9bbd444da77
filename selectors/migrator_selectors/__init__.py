"""The selectors that come with opencode-migrator: one file per selector, listed here in the order of `--help`.

This tuple registers them, not entry points, so that a bare checkout and an old editable install have them too. Third
parties register theirs in the entry-point group `migrator.selectors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator_selectors.archived import ArchivedPlugin
from migrator_selectors.containing import ContainingPlugin
from migrator_selectors.exclude_dir import ExcludeDirPlugin
from migrator_selectors.exclude_from import ExcludeFromPlugin
from migrator_selectors.from_dir import FromDirPlugin
from migrator_selectors.from_id import FromIdPlugin
from migrator_selectors.from_orphans import OrphansPlugin
from migrator_selectors.from_project import FromProjectPlugin
from migrator_selectors.from_workspaces import FromWorkspacesPlugin
from migrator_selectors.title import TitlePlugin
from migrator_selectors.updated import UpdatedPlugin

if TYPE_CHECKING:
    from migrator.selection import SelectorPlugin

BUILT_IN: tuple[SelectorPlugin, ...] = (
    FromDirPlugin(),
    FromProjectPlugin(),
    FromIdPlugin(),
    FromWorkspacesPlugin(),
    OrphansPlugin(),
    ContainingPlugin(),
    ExcludeDirPlugin(),
    ExcludeFromPlugin(),
    TitlePlugin(),
    UpdatedPlugin(),
    ArchivedPlugin(),
)
