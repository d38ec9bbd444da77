"""What a plan of a merge warns of: sessions that stay in the other database, and what changes for those that come."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from migrator.model import MergeVerdict, PlanWarning
from migrator.orphans.other_machine import counterparts, folder_to_follow
from migrator.paths import FolderMap, comparable
from migrator.planning.relocation.arguments import Pair
from migrator.store.location import is_same_file
from migrator.store.sql import IN, array_of
from migrator.text import agree, count, first_few, tilde

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from migrator.model import MergedSession, Selection
    from migrator.planning.merge.destination import MergeDestination
    from migrator.store.reader import Store
    from migrator.store.session_tables import TornPart

LEFT_OUT, DIVERGED, RENAMED, FOREIGN, SHARED, TORN, MAYBE_DELETED = (
    "left-out", "diverged", "renamed", "foreign-directory", "shared", "part-stays", "maybe-deleted",
)  # fmt: skip
"""The codes of warnings, in the order in which a plan has them."""

_NAMED = 5


def left_out_warnings(
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
        f"{where} isn't here; --map OLD=NEW says what it is here, --to-dir DIR brings its sessions elsewhere, "
        "--foreign takes them as they are"
    ), ("--foreign",)


def diverged_warnings(compared: Sequence[MergedSession]) -> Iterator[PlanWarning]:
    """Yield which sessions went on in both databases, and stay as they are."""
    for merged in compared:
        if merged.verdict is MergeVerdict.DIVERGED:
            yield PlanWarning(
                DIVERGED,
                f"{merged.session} went on in both databases, and stays as it is in each, with all of its subagents; "
                f"the first message that differs is {merged.differs}.",
                merged.session,
            )


def renamed_warnings(ours: Store, compared: Sequence[MergedSession], sessions: Sequence[str]) -> Iterator[PlanWarning]:
    """Yield whose title changes to the one that the other database has."""
    continued = {merged.session for merged in compared if merged.verdict is MergeVerdict.LONGER}.intersection(sessions)
    titles = {session.id: session.title for session in ours.sessions(continued)}
    for merged in compared:
        if (title := titles.get(merged.session, merged.title)) != merged.title:
            what = f'is "{title}" here and "{merged.title}" there, and gets the title that it has there'
            yield PlanWarning(RENAMED, f"{merged.session} {what}.", merged.session)


def share_warnings(theirs: Store, sessions: Sequence[str]) -> Iterator[PlanWarning]:
    """Yield that shares stay with the other database: what is said here would go to them."""
    if shared := theirs.ids_where(f"share_url IS NOT NULL AND id {IN}", [array_of(sessions)]):
        what = f"{count(len(shared), 'session')} {agree(len(shared), 'is')} shared"
        yield PlanWarning(SHARED, f"{what}; the share stays with the other database: {first_few(shared, _NAMED)}.")


def torn_warnings(torn: Sequence[TornPart], sessions: Sequence[str]) -> Iterator[PlanWarning]:
    """Yield which parts stay behind, since they are of another session than their message."""
    coming = {*sessions}
    if stay := [part for part in torn if part.message_of in coming and part.part_of not in coming]:
        named = first_few([f"{part.id} (of {part.part_of})" for part in stay], _NAMED)
        what = f"{count(len(stay), 'part')} {agree(len(stay), 'stays')} in the other database"
        why = "its message comes, but its session doesn't"
        if len(stay) > 1:
            why = "their messages come, but their sessions don't"
        yield PlanWarning(TORN, f"{what} ({why}): {named}.")


def deleted_warnings(ours: Store, theirs: Store, sessions: Sequence[str]) -> Iterator[PlanWarning]:
    """Yield that opencode 2 leaves opencode 1's row of a session that is deleted in it (seen with its code)."""
    if sessions and is_same_file(str(theirs.path), ours.path):
        one = "it" if len(sessions) == 1 else "one of them"
        why = "opencode 2 leaves opencode 1's row of what is deleted, so nobody can tell"
        yield PlanWarning(MAYBE_DELETED, f"If {one} was deleted in opencode 2, it comes back there: {why}.")


def foreign_warnings(foreign: Collection[str]) -> Iterator[PlanWarning]:
    """Yield which directories aren't here, though sessions come as they are in them."""
    if foreign:
        isnt = f"{count(len(foreign), 'directory', 'directories')} {agree(len(foreign), 'is')} not here"
        named = first_few([*map(_shown, sorted(foreign))], _NAMED)
        yield PlanWarning(FOREIGN, f"{isnt}, and the sessions in {named} are taken as they are.")


def _shown(directory: str) -> str:
    return tilde(directory) if directory else "(no directory)"
