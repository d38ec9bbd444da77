"""The orphan rules that come with opencode-migrator: one file per rule, listed here in the order they are shown in.

Third parties register theirs in the entry-point group `migrator.orphan_rules`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator_selectors.orphans.broken_tree import BrokenTree
from migrator_selectors.orphans.global_claimed import GlobalClaimed
from migrator_selectors.orphans.import_unfinished import ImportUnfinished
from migrator_selectors.orphans.left_behind_json import LeftBehindJson
from migrator_selectors.orphans.missing_directory import MissingDirectory
from migrator_selectors.orphans.never_imported import NeverImported
from migrator_selectors.orphans.not_a_directory import NotADirectory
from migrator_selectors.orphans.other_database import OtherDatabaseRule
from migrator_selectors.orphans.project_drift import ProjectDrift
from migrator_selectors.orphans.split_project import SplitProject
from migrator_selectors.orphans.stale_path import StalePath
from migrator_selectors.orphans.stale_workspace import StaleWorkspace
from migrator_selectors.orphans.stranded_in_global import StrandedInGlobal
from migrator_selectors.orphans.symlinked_directory import SymlinkedDirectory
from migrator_selectors.orphans.unknown_project import UnknownProject
from migrator_selectors.orphans.unreadable import Unreadable

if TYPE_CHECKING:
    from migrator.orphans.rule import OrphanRule

BUILT_IN: tuple[OrphanRule, ...] = (
    MissingDirectory(),
    NotADirectory(),
    Unreadable(),
    ProjectDrift(),
    GlobalClaimed(),
    StrandedInGlobal(),
    SplitProject(),
    UnknownProject(),
    StalePath(),
    StaleWorkspace(),
    BrokenTree(),
    SymlinkedDirectory(),
    LeftBehindJson(),
    OtherDatabaseRule(),
    NeverImported(),
    ImportUnfinished(),
)
