"""What the faces share: from what a person said to a plan. What becomes of a plan is in `applying`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from migrator.errors import BadInput, MigratorError, NothingMatched
from migrator.model import FolderState, Selection
from migrator.places import Places, ProjectIdScheme
from migrator.selection.query import DatabaseSelectorContext, Query, select
from migrator.store.reader import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from migrator.execution.gc import Leftover
    from migrator.model import FolderMoves, Plan, PlanWarning
    from migrator.operations.doctor import CheckResult
    from migrator.orphans.context import DatabaseRuleContext
    from migrator.orphans.homes import Homes
    from migrator.planning.destination import OneDirectory
    from migrator.planning.file_undo import FileUndoDecider

KEEP = "keep"


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """Where the sessions should go, as it was typed.

    `to_dir`: a directory, KEEP, or None for the default; `to_project`: id, name, path, KEEP or None, as typed with
    `project_option`. `announce` tells the model of opencode 2 of another directory; `with_forks` takes along what
    opencode 2 forked from what is selected.
    """

    to_dir: str | None = None
    to_project: str | None = None
    subdirs: str = "nearest"
    undo_files: str = "auto"
    project_option: str = "--to-project"
    announce: bool = True
    with_forks: bool = False


@dataclass(frozen=True, slots=True)
class RelocateRequest:
    """Which folders moved, as it was typed; `whereabouts` says where they are.

    `words` are `OLD NEW` or any number of `OLD=NEW`; `listed` the lines of a map and the name of its file. With
    `copied` the old folders may still be there.
    """

    words: Sequence[str]
    listed: tuple[Sequence[str], str] = ((), "")
    whereabouts: FolderState = FolderState.MOVED
    copied: bool = False
    undo_files: str = "auto"
    announce: bool = True


@dataclass(frozen=True, slots=True)
class RescueRequest:
    """Which lost sessions to bring home, and how sure to be; `search` are directories to look in for likely homes."""

    rules: Sequence[str] = ()
    likely: bool = False
    search: Sequence[str] = ()
    depth: int | None = None
    undo_files: str = "auto"
    announce: bool = True


class CommandContext:
    """An open database together with the places and facts around it, for one command."""

    def __init__(self, path: Path, home: str | None = None, busy_seconds: float = 5.0) -> None:
        self.store = Store(path, busy_seconds=busy_seconds)
        self.places = places_of(self.store)
        self.selector_context = DatabaseSelectorContext(self.store, self.places, lambda: self.rule_context, home)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def query(self, values: Mapping[str, Any]) -> Query:
        """Turn the values of the SELECT options into a query."""
        return Query(values, self.selector_context, match_any=values.get("match") == "any")

    @cached_property
    def rule_context(self) -> DatabaseRuleContext:
        """What orphan rules ask; nothing is read before they do."""
        from migrator.orphans.context import DatabaseRuleContext

        return DatabaseRuleContext(self.store, self.places)

    def plan(self, values: Mapping[str, Any], wish: MoveRequest) -> Plan:
        """Plan a move; nothing is written. Raises the errors of selecting and planning."""
        return self.plan_move(self.chosen(values, with_forks=wish.with_forks), wish)

    def chosen(self, values: Mapping[str, Any], *, with_forks: bool = False) -> Selection:
        """Return the sessions that were asked for, with their trees; BadInput where nothing was."""
        if with_forks and not self.store.schema.has_v2:
            raise BadInput(
                "--with-forks: opencode 1 does not keep of which session one is a fork; select it with --from-id.",
            )
        return select(self.store, self._choosing(values), with_forks=with_forks)

    def plan_move(
        self,
        selection: Selection,
        wish: MoveRequest,
        *,
        warnings: Iterable[PlanWarning] = (),
        one_repository: bool = False,
    ) -> Plan:
        """Plan to move what was selected before; nothing is written. Raises the errors of planning."""
        from migrator.planning.planner import plan_move

        undo = self._undo(wish.undo_files)
        return plan_move(
            self.store,
            selection,
            self._destination(wish),
            undo,
            announce=wish.announce,
            warnings=warnings,
            one_repository=one_repository,
        )

    def _choosing(self, values: Mapping[str, Any]) -> Query:
        query = self.query(values)
        if not query.chooses:
            raise BadInput(
                "Say which sessions: --from-dir PATTERN, --from-project P, --from-id ID or --orphans; "
                "--from-dir '/**' takes every one.",
            )
        return query

    def _destination(self, wish: MoveRequest) -> OneDirectory:
        from migrator.planning.destination import OneDirectory, Subdirs

        project_id = self._project(wish.to_project, wish.project_option)
        return OneDirectory(
            self.places,
            self._directory(wish, project_id),
            project_id,
            wish.to_project == KEEP,
            Subdirs(wish.subdirs),
            wish.project_option,
        )

    def plan_protection(self, values: Mapping[str, Any]) -> Plan:
        """Plan to mend the file undo of selected sessions (default: all) where it would delete files, or to detach it.

        `undo_files` among the values: `carry` refuses where a turn can't be mended, `detach` mends none.
        """
        from migrator.planning.protect import plan_protect

        self._refuse_undo_of_opencode_2()
        return plan_protect(self.store, self.places, self.selection(values), values.get("undo_files", "auto"))

    def leftovers(self, older_than: int | None = None) -> list[Leftover]:
        """Return the snapshot repositories that our runs left behind; `older_than` is as in `remove_leftovers`."""
        from migrator.execution.gc import find_leftovers

        self._refuse_undo_of_opencode_2()
        return find_leftovers(self.store, self.places, older_than)

    def undo_check(self, values: Mapping[str, Any]) -> CheckResult:
        """Look at what an undo in opencode would do to files today in the selected sessions (default: all)."""
        from migrator.operations.doctor import check_undo

        self._refuse_undo_of_opencode_2()
        return check_undo(self.store, self.places, [s.session for s in self.selection(values).sessions])

    def _refuse_undo_of_opencode_2(self) -> None:
        """Refuse to judge what an undo of opencode 2 would do to files: no program of it could be asked yet."""
        if self.store.schema.has_v2:
            raise MigratorError(
                f"{self.store.path} holds sessions of opencode 2 (table session_v2): what an undo does to files is "
                "known, and can be made safe, in databases of opencode 1 only.",
            )

    def selection(self, values: Mapping[str, Any]) -> Selection:
        """Return the selected sessions with their trees; every session where nothing was said."""
        query = self.query(values)
        if not query.chooses and not query.narrowing and not self.store.sessions_per_project():
            return Selection(())
        return select(self.store, query)

    def _undo(self, said: str, relocated: FolderMoves | None = None) -> FileUndoDecider:
        from migrator.planning.file_undo import FileUndoDecider

        return FileUndoDecider(self.store, self.places, said, relocated)

    def relocate(self, moving: RelocateRequest) -> Plan:
        """Plan what follows folders that moved; nothing is written. Raises the errors of planning."""
        from migrator.planning.relocation.arguments import absolute_pairs, listed_pairs, typed_pairs
        from migrator.planning.relocation.destination import Relocation, folder_moves
        from migrator.planning.relocation.planner import plan_relocation

        typed = [*typed_pairs(moving.words), *listed_pairs(*moving.listed)]
        if not typed:
            raise BadInput("Say which folder moved: relocate OLD NEW, relocate OLD=NEW ..., or --map FILE with lines.")
        pairs = list(absolute_pairs(typed, self.selector_context.cwd, self.selector_context.expanded))
        relocation = Relocation(self.places, folder_moves(pairs, moving.whereabouts), self.store.workspaces())
        undo_files = "detach" if moving.whereabouts is FolderState.FOREIGN else moving.undo_files
        file_undo = self._undo(undo_files, relocation.said)
        return plan_relocation(self.store, relocation, file_undo, copied=moving.copied, announce=moving.announce)

    def homes(
        self, search: Sequence[str] = (), depth: int | None = None, tick: Callable[[int], None] = lambda _: None
    ) -> Homes:
        """Return who knows where lost sessions belong, looking below the directories `search` too.

        `tick` is told how many directories were looked at.
        """
        from migrator.orphans.homes import Homes
        from migrator.orphans.search import Search
        from migrator.orphans.walk import DEPTH

        levels = DEPTH if depth is None else depth
        return Homes(self.rule_context, Search(self.store, self.rule_context, search, levels, tick) if search else None)

    def rescue(self, wish: RescueRequest, tick: Callable[[int], None] = lambda _: None) -> Plan:
        """Plan to bring lost sessions home; `tick` is as above."""
        from migrator.orphans.find import check_names, find_reasons, rules
        from migrator.planning.planner import plan_move
        from migrator.planning.rescue import Rescue

        check_names(wish.rules, "--rule")
        every = rules()
        homes = self.homes(wish.search, wish.depth, tick)
        rescue = Rescue(self.rule_context, homes, every, wish.rules or None, likely=wish.likely)
        selection = rescue.select(find_reasons(self.rule_context, every))
        selection = replace(selection, warnings=(*selection.warnings, *homes.warnings()))
        undo = self._undo(wish.undo_files)
        return plan_move(self.store, selection, rescue.destination, undo, announce=wish.announce)

    def _project(self, said: str | None, option: str) -> str | None:
        """Return the id that --to-project means; an unknown one is held against what opencode resolves, later."""
        from migrator_selectors.from_project import find_project

        if said is None or said == KEEP:
            return None
        try:
            return find_project(said, self.selector_context, option).id
        except NothingMatched:
            place = (
                self.selector_context.place(self.selector_context.expanded(said))
                if "/" in said or said[0] in ".~"
                else None
            )
            return place.project_id if place else said

    def _directory(self, wish: MoveRequest, project_id: str | None) -> str | None:
        """Return the destination; by default the project root of --to-project or of the current directory."""
        if wish.to_dir == KEEP:
            return None
        if wish.to_dir is not None:
            return self.places.find(self.selector_context.expanded(wish.to_dir)).directory
        if wish.to_project == KEEP:
            return None
        if project_id is None:
            here = self.places.find(".")
            return here.directory if here.worktree == "/" else here.worktree
        worktree = next((p.worktree for p in self.selector_context.projects() if p.id == project_id), "/")
        if worktree == "/":
            raise BadInput(f"Project {project_id} has no directory of its own; say where to with --to-dir DIRECTORY.")
        return self.places.find(worktree).directory


def places_of(store: Store) -> Places:
    """Return what finds places as the opencode of this database does."""
    if store.schema.has_v2:
        return Places(ProjectIdScheme.V2)
    return Places(ProjectIdScheme.ORIGIN_FIRST if store.schema.origin_first else ProjectIdScheme.CACHE_FIRST)
