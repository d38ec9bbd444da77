"""Plan a merge: what comes from another database, and what of it is here already."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.model import Change, FileUndo, Merge, MergeVerdict, Plan
from migrator.planning.merge.companions import companion_files
from migrator.planning.merge.compatibility import check_columns, check_versions
from migrator.planning.merge.file_undo import decide_file_undo, decide_file_undo_of_imported
from migrator.planning.merge.removal import STAYS_THERE, warn_of_staying, with_more_there
from migrator.planning.merge.warnings import (
    deleted_warnings,
    diverged_warnings,
    foreign_warnings,
    left_out_warnings,
    renamed_warnings,
    share_warnings,
    torn_warnings,
)
from migrator.planning.odd_row_warnings import odd_row_warnings
from migrator.planning.planner import project_changes, read_only_warnings
from migrator.planning.source_repositories import find_sources
from migrator.store.comparison import as_they_come, compare
from migrator.store.location import is_same_file
from migrator.store.merge_obstacles import check_session_tables, taken_ids, why_nothing_can_be_added
from migrator.store.session_tables import torn_parts
from migrator.text import agree, count, first_few

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from migrator.choices import FileUndoPolicy, OnDuplicate
    from migrator.model import Binding, MergedSession, Place, Selected, Selection
    from migrator.places import Places
    from migrator.planning.merge.destination import MergeDestination
    from migrator.store.reader import Store
    from migrator.store.session_tables import TornPart

_NAMED = 5
_NEVER_IMPORTED = "opencode 2 hasn't imported what only opencode 1 has; --with-opencode PROGRAM does"


@dataclass(frozen=True, slots=True)
class MergeRules:
    """What the user wants of a merge besides which sessions, and where they belong."""

    on_duplicate: OnDuplicate
    undo_files: FileUndoPolicy
    announce: bool
    remove: bool
    imported_by: str | None = None


@dataclass
class _Placed:
    """Where the sessions that come belong here, and which trees don't come, with their directory and why."""

    changes: list[Change] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    left_out: dict[str, tuple[str, str]] = field(default_factory=dict)


def build_merge_plan(  # noqa: PLR0913, PLR0917 - two databases, and what the user said of them
    ours: Store,
    theirs: Store,
    selection: Selection,
    destination: MergeDestination,
    places: Places,
    rules: MergeRules,
    signature: str,
) -> Plan:
    """Plan to bring whole trees of `theirs` into `ours`; nothing is written.

    `signature` says what the file of `theirs` is like. Raises MigratorError if rows of the other database can't be rows
    of this one, if ids collide, or if a session is on both sides and the rules refuse that.
    """
    check_versions(ours, theirs)
    check_session_tables(ours)
    compared = compare(ours, theirs, [(s.session.id, s.root, s.session.title) for s in selection.sessions])
    if rules.on_duplicate == "refuse":
        _refuse_duplicates(compared)
    verdicts = {merged.session: merged.verdict for merged in compared}
    may_come = {MergeVerdict.NEW} if rules.on_duplicate == "keep" else {MergeVerdict.NEW, MergeVerdict.LONGER}
    staying = [id_ for id_, verdict in verdicts.items() if verdict not in may_come]
    placed = _place(ours, theirs, selection, destination, verdicts, frozenset(staying))
    torn = torn_parts(theirs)
    _leave_out_parts_of_others(placed, torn)
    decide = decide_file_undo if rules.imported_by is None else decide_file_undo_of_imported
    changes, odd_turns = decide(ours, theirs, places, rules.undo_files, placed.changes)
    coming = [change.session for change in changes]
    check_columns(ours, theirs, coming)
    refuse_collisions(ours, theirs, coming)
    companions = companion_files(ours, theirs, coming)
    staying_there = _staying_there(ours, theirs, compared, coming) if rules.remove else ()
    needed = {change.after.project_id for change in changes}
    used = [place for id_, place in placed.places.items() if id_ in needed]
    foreign = {change.after.directory for change in changes if destination.is_foreign(change.before)}
    moved = any(change.before.directory != change.after.directory for change in changes)
    return Plan(
        str(ours.path),
        ours.schema.dialect,
        tuple(changes),
        tuple(project_changes(used, ours.projects())),
        (
            *read_only_warnings(ours),
            *selection.warnings,
            *destination.warnings(),
            *left_out_warnings(placed.left_out, selection, destination),
            *diverged_warnings(compared),
            *renamed_warnings(ours, compared, coming),
            *foreign_warnings(foreign),
            *odd_row_warnings(theirs),
            *odd_turns,
            *share_warnings(theirs, coming),
            *torn_warnings(torn, coming),
            *deleted_warnings(ours, theirs, coming),
            *companions.warnings,
            *warn_of_staying(STAYS_THERE, staying_there, str(theirs.path)),
        ),
        tuple(staying),
        sources=find_sources(changes, theirs.projects()),
        announce=rules.announce and ours.schema.has_v2 and moved,
        merge=Merge(
            str(theirs.path),
            signature,
            tuple(as_they_come(ours, theirs, compared, companions.naming)),
            tuple(sorted(foreign)),
            companions.files,
            remove=rules.remove,
            imported_by=rules.imported_by,
            staying=tuple(staying_there),
        ),
    )


def _place(  # noqa: PLR0913, PLR0917 - all of it decides
    ours: Store,
    theirs: Store,
    selection: Selection,
    destination: MergeDestination,
    verdicts: Mapping[str, MergeVerdict],
    staying: frozenset[str],
) -> _Placed:
    """Decide where each session goes. If one session of a tree can't come, none of its tree does.

    A session that is here already stays where it is, and its new children go there too.
    """
    found = _Placed()
    is_own = is_same_file(str(theirs.path), ours.path)  # opencode 2 has imported sessions of this very database
    just_imported = frozenset(ours.never_imported()) if is_own else frozenset()
    here = {id_: binding for id_, (binding, _) in ours.bindings(verdicts.keys() - just_imported).items()}
    diverged = {s.root for s in selection.sessions if verdicts[s.session.id] is MergeVerdict.DIVERGED}
    bindings_of_roots = {s.root: s.session.binding for s in selection.sessions if s.session.id == s.root}
    continued = [id_ for id_, verdict in verdicts.items() if verdict is MergeVerdict.LONGER and id_ not in staying]
    stuck = why_nothing_can_be_added(ours, theirs, continued) if continued else {}
    never_imported = frozenset([*theirs.never_imported(), *ours.never_imported()]) - just_imported
    for selected in selection.sessions:
        session, root = selected.session, selected.root
        if session.id in staying or root in diverged:
            continue
        is_beside_root = session.binding == bindings_of_roots.get(root)
        after = here.get(session.id) or (here.get(root) if is_beside_root else None)
        if session.id in never_imported:
            found.left_out.setdefault(root, ("", _NEVER_IMPORTED))
        elif session.id in stuck:
            why = f"nothing can be added to {session.id}, since {stuck[session.id]}"
            found.left_out.setdefault(root, ("", why))
        elif after is None:
            if (place := destination.place_for(selected)) is None:
                found.left_out.setdefault(root, (session.directory, ""))
                continue
            found.places.setdefault(place.project_id, place)
            after = ours.schema.storable(place.binding)
        if after is not None:
            found.changes.append(_change(selected, after))
    found.changes = [change for change in found.changes if change.root not in found.left_out]
    return found


def _leave_out_parts_of_others(placed: _Placed, torn: Sequence[TornPart]) -> None:
    """Leave out the trees of which a part belongs to a message that doesn't come: here it would belong to nothing."""
    while True:
        roots = {change.session: change.root for change in placed.changes}
        lost = {roots[p.part_of]: p for p in torn if p.part_of in roots and p.message_of not in roots}
        for root, part in lost.items():
            placed.left_out[root] = ("", f"its {part.id} belongs to a message of {part.message_of}, which stays")
        placed.changes = [change for change in placed.changes if change.root not in lost]
        if not lost:
            return


def _change(selected: Selected, after: Binding) -> Change:
    session = selected.session
    return Change(session.id, selected.root, session.title, selected.selected_by, session.binding, after, FileUndo.NONE)


def _refuse_duplicates(compared: Sequence[MergedSession]) -> None:
    differing = [m.session for m in compared if m.verdict not in {MergeVerdict.NEW, MergeVerdict.SAME}]
    if differing:
        raise MigratorError(
            f"{count(len(differing), 'session')} {agree(len(differing), 'is')} in both databases and not the same: "
            f"{first_few(differing, _NAMED)}; leave out --on-duplicate refuse to take what was added to each."
        )


def refuse_collisions(ours: Store, theirs: Store, sessions: Sequence[str]) -> None:
    """Raise MigratorError if this database has ids of these sessions of the other one in other sessions."""
    if taken := taken_ids(ours, theirs, sessions):
        named = [
            f"{f'{table} {id_}'.rstrip()} of {there} is here in {here}"
            if there != here
            else f"{f'{table} {id_}'.rstrip()} is left over here from {here}, which was deleted"
            for table, id_, there, here in taken
        ]
        raise MigratorError(
            f"{count(len(taken), 'row')} can't come, since this database has their ids already: "
            f"{first_few(named, _NAMED)}. Nothing was written; leave these sessions out."
        )


def _staying_there(ours: Store, theirs: Store, compared: Sequence[MergedSession], coming: Collection[str]) -> list[str]:
    """Return the sessions that keep their trees in the other database, though they are here, or will be."""
    will_be_here = {*coming, *(merged.session for merged in compared if merged.verdict.is_all_here)}
    return sorted(with_more_there(ours, theirs, compared) & will_be_here)
