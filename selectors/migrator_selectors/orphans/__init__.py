"""The orphan rules that come with opencode-migrator: one file per rule, listed here in the order they are shown in.

Third parties register theirs in the entry-point group `migrator.orphan_rules`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator_selectors.orphans.missing_directory import MissingDirectory

if TYPE_CHECKING:
    from migrator.orphans.rule import OrphanRule

BUILT_IN: tuple[OrphanRule, ...] = (MissingDirectory(),)
