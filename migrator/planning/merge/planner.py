"""Plan a merge: what comes from another database, and what of it is here already."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from migrator.errors import MigratorError
from migrator.model import Change, FileUndo, Merge, MergeVerdict, Plan, PlanWarning
from migrator.orphans.other_machine import counterparts, folder_to_follow
from migrator.paths import FolderMap, comparable
from migrator.planning.merge.companions import companion_files
from migrator.planning.merge.compare import as_they_come, compare
from migrator.planning.merge.compatibility import check_columns, check_versions
from migrator.planning.merge.file_undo import decide_file_undo, decide_file_undo_of_imported
from migrator.planning.merge.removal import STAYS_THERE, warn_of_staying, with_more_there
from migrator.planning.odd_row_warnings import odd_row_warnings
from migrator.planning.planner import project_changes, read_only_warnings
from migrator.planning.relocation.arguments import Pair
from migrator.planning.source_repositories import find_sources
from migrator.store.location import is_same_file
from migrator.store.merge_obstacles import check_session_tables, taken_ids, why_nothing_can_be_added
from migrator.store.session_tables import torn_parts
from migrator.store.sql import IN, array_of
from migrator.text import agree, count, first_few, tilde

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from migrator.choices import FileUndoPolicy, OnDuplicate
    from migrator.model import Binding, MergedSession, Place, Selected, Selection
    from migrator.places import Places
    from migrator.planning.merge.destination import MergeDestination
    from migrator.store.reader import Store
    from migrator.store.session_tables import TornPart

LEFT_OUT, DIVERGED, RENAMED, FOREIGN, SHARED, TORN, MAYBE_DELETED = (
    "left-out", "diverged", "renamed", "foreign-directory", "shared", "part-stays", "maybe-deleted",
)  # fmt: skip
"""The codes of warnings, in the order in which a plan has them."""

_NAMED = 5
_NEVER_IMPORTED = "opencode 2 hasn't imported what only opencode 1 has; --with-opencode PROGRAM does"
_HERE_ALREADY = {MergeVerdict.SAME, MergeVerdict.SHORTER, MergeVerdict.DIVERGED}


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
    for written in (ours, theirs) if rules.remove else (ours,):
        check_session_tables(written)
    compared = compare(ours, theirs, [(s.session.id, s.root, s.session.title) for s in selection.sessions])
    if rules.on_duplicate == "refuse":
        _refuse_duplicates(compared)
    not_coming = _HERE_ALREADY | ({MergeVerdict.LONGER} if rules.on_duplicate == "keep" else set())
    verdicts = {merged.session: merged.verdict for merged in compared}
    staying = [id_ for id_, verdict in verdicts.items() if verdict in not_coming]
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
            *_left_out_warnings(placed.left_out, selection, destination),
            *_diverged_warnings(compared),
            *_renamed_warnings(ours, compared, coming),
            *_foreign_warnings(foreign),
            *odd_row_warnings(theirs),
            *odd_turns,
            *_share_warnings(theirs, coming),
            *_torn_warnings(torn, coming),
            *_deleted_warnings(ours, theirs, coming),
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


def _left_out_warnings(
    left_out: Mapping[str, tuple[str, str]], selection: Selection, destination: MergeDestination
) -> Iterator[PlanWarning]:
    """Yield which trees stay where they are: one warning for each directory that isn't here."""
    trees: dict[tuple[str, str], list[str]] = {}
    for root, why in left_out.items():
        trees.setdefault(why, []).append(root)
    sizes = Counter(selected.root for selected in selection.sessions)
    spelled: dict[str, str] = {}
    for (directory, reason), roots in sorted(trees.items()):
        sessions = sum(sizes[root] for root in roots)
        what = f"{count(sessions, 'session')} {agree(sessions, 'stays')} there"
        because, settled_by = (reason, ()) if reason else _not_here(directory, destination, spelled)
        yield PlanWarning(LEFT_OUT, f"{what}: {because}.", roots[0] if len(roots) == 1 else None, settled_by=settled_by)


def _not_here(directory: str, destination: MergeDestination, spelled: dict[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return what can be done about sessions whose directory isn't here, and the option that is likeliest to help.

    A folder is named as it is `spelled` first, so that one map is for all. A directory that is here in other upper and
    lower case is named itself, since a map of its folder heeds the case.
    """
    if not directory:
        why = "it is in no directory; --to-dir DIR takes it to one, --foreign takes it as it is"
        return why, ("--foreign",)
    where, mapped = tilde(directory), destination.missing[directory]
    given = {comparable(old) for old, _ in destination.folders.pairs}
    for there, folder in counterparts(directory):
        old, new = folder_to_follow(directory), folder
        if not os.path.isdir(FolderMap([(old, new)]).new_path(directory) or ""):
            old, new = directory, there
        if comparable(old) in given:
            continue
        pair = Pair(spelled.setdefault(comparable(old), old), tilde(new)).word
        return f"{where} isn't here, but {tilde(there)} is; --map {pair} takes it for that", ("--map", pair)
    if mapped != directory:
        why = f"{where} isn't here, nor is {tilde(mapped)}, where --map puts it; --foreign takes them there anyway"
        return why, ("--foreign",)
    return (
        f"{where} isn't here; --map OLD=NEW says what it is here, --to-dir DIR takes them elsewhere, "
        "--foreign takes them as they are"
    ), ("--foreign",)


def _diverged_warnings(compared: Sequence[MergedSession]) -> Iterator[PlanWarning]:
    for merged in compared:
        if merged.verdict is MergeVerdict.DIVERGED:
            yield PlanWarning(
                DIVERGED,
                f"{merged.session} went on in both databases, and stays as it is in each, with all of its subagents; "
                f"the first message that differs is {merged.differs}.",
                merged.session,
            )


def _renamed_warnings(ours: Store, compared: Sequence[MergedSession], sessions: Sequence[str]) -> Iterator[PlanWarning]:
    continued = {merged.session for merged in compared if merged.verdict is MergeVerdict.LONGER}.intersection(sessions)
    titles = {session.id: session.title for session in ours.sessions(continued)}
    for merged in compared:
        if (title := titles.get(merged.session, merged.title)) != merged.title:
            what = f'is "{title}" here and "{merged.title}" there, and gets the title that it has there'
            yield PlanWarning(RENAMED, f"{merged.session} {what}.", merged.session)


def _staying_there(ours: Store, theirs: Store, compared: Sequence[MergedSession], coming: Collection[str]) -> list[str]:
    """Return the sessions that keep their trees in the other database, though they are here, or will be."""
    will_be_here = {*coming, *(m.session for m in compared if m.verdict in {MergeVerdict.SAME, MergeVerdict.SHORTER})}
    return sorted(with_more_there(ours, theirs, compared) & will_be_here)


def _share_warnings(theirs: Store, sessions: Sequence[str]) -> Iterator[PlanWarning]:
    if shared := theirs.ids_where(f"share_url IS NOT NULL AND id {IN}", [array_of(sessions)]):
        what = f"{count(len(shared), 'session')} {agree(len(shared), 'is')} shared"
        yield PlanWarning(SHARED, f"{what}; the share stays with the other database: {first_few(shared, _NAMED)}.")


def _torn_warnings(torn: Sequence[TornPart], sessions: Sequence[str]) -> Iterator[PlanWarning]:
    coming = {*sessions}
    if stay := [part for part in torn if part.message_of in coming and part.part_of not in coming]:
        named = first_few([f"{part.id} (of {part.part_of})" for part in stay], _NAMED)
        what = f"{count(len(stay), 'part')} {agree(len(stay), 'stays')} in the other database"
        why = "its message comes, but its session doesn't"
        if len(stay) > 1:
            why = "their messages come, but their sessions don't"
        yield PlanWarning(TORN, f"{what} ({why}): {named}.")


def _deleted_warnings(ours: Store, theirs: Store, sessions: Sequence[str]) -> Iterator[PlanWarning]:
    """Yield that opencode 2 leaves opencode 1's row of a session that is deleted in it (seen with its code)."""
    if sessions and is_same_file(str(theirs.path), ours.path):
        one = "it" if len(sessions) == 1 else "one of them"
        why = "opencode 2 leaves opencode 1's row of what is deleted, so nobody can tell"
        yield PlanWarning(MAYBE_DELETED, f"If {one} was deleted in opencode 2, it comes back there: {why}.")


def _foreign_warnings(foreign: Collection[str]) -> Iterator[PlanWarning]:
    if foreign:
        isnt = f"{count(len(foreign), 'directory', 'directories')} {agree(len(foreign), 'is')} not here"
        named = first_few([*map(_shown, sorted(foreign))], _NAMED)
        yield PlanWarning(FOREIGN, f"{isnt}, and the sessions in {named} are taken as they are.")


def _shown(directory: str) -> str:
    return tilde(directory) if directory else "(no directory)"
