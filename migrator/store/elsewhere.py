"""Where sessions are that a database doesn't have: in another database beside it, or in JSON storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrator.paths import is_within
from migrator.store.json_storage import left_behind_files
from migrator.store.other_databases import other_databases
from migrator.text import agree, count, first_few, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from migrator.model import Place, Session
    from migrator.store.other_databases import OtherDatabase
    from migrator.store.reader import Store

_LONGEST = 64
"""Characters of an id that are compared; opencode's have 30."""
_NAMED = 3
"""How many ids are named."""
_COMPARED = 500
"""How many ids are compared at most with one that isn't there."""


def elsewhere(store: Store, texts: Collection[str]) -> str:
    """Return where the sessions are that have these ids, or ids that begin so, and that this database doesn't have.

    It is the end of an error, from its semicolon on. It is never empty: where nothing is found it names a command.
    """
    found = list(_found(store, texts))
    return "; ".join(["", *(found or [*_like(store, texts), store.what_there_is])])


def titled_elsewhere(store: Store, text: str) -> list[str]:
    """Return for each other database that alone has sessions with this text in their title how many, and the command.

    Or that it can't be read.
    """
    found = []
    for other in other_databases(store):
        number = sum(text.casefold() in session.title.casefold() for session in other.only_there)
        if other.unread:
            found.append(_unread(other))
        elif number:
            has = f"{other.path.name} beside this database has {count(number, 'session')} with such a title"
            looking = ["--all", "--search", text]
            found.append(f"{has}: {other.what_to_do(number, '--title', text, looking=looking)}")
    return found


def located_elsewhere(store: Store, place: Place | None) -> list[str]:
    """Return for each other database that alone has sessions of a place, or of all, how many, and what to do."""
    found = []
    for other in other_databases(store):
        number = len(other.ids) if place is None else sum(_is_of(session, place) for session in other.only_there)
        if other.unread:
            found.append(_unread(other))
        elif number:
            them = "" if place is None else " in this directory" if place.worktree == "/" else " of this project"
            has = f"{other.path.name} beside this database has {count(number, 'session')}{them} that this one doesn't"
            words = [] if place is None else ["--from-dir", _top(place)]
            found.append(f"{has}: {other.what_to_do(number, *words)}")
    return found


def _top(place: Place) -> str:
    return place.directory if place.worktree == "/" else place.worktree


def _is_of(session: Session, place: Place) -> bool:
    return is_within(session.directory, _top(place))


def _like(store: Store, texts: Collection[str]) -> Iterator[str]:
    """Yield which ids begin like the first of these texts, as far as one does: each question is one of the index."""
    text = min(texts)[:_LONGEST]
    for start in (f"ses_{text}", *(text[:end] for end in range(len(text) - 1, len("ses_") + 2, -1))):
        if ids := store.ids_where("id >= ? AND id < ?", (start, f"{start}\U0010ffff")):
            near = nearest(text, ids[:_COMPARED]) or ids
            yield f"the nearest {agree(len(near), 'is')} {first_few(near, _NAMED)}"
            return


def _found(store: Store, texts: Collection[str]) -> Iterator[str]:
    odd = store.odd_sessions()
    for id_ in _matching(texts, odd)[:_NAMED]:
        yield f"this database has {id_}, but its row can't be read: {odd[id_]}"
    for other in other_databases(store):
        if other.unread:
            yield _unread(other)
        elif ids := sorted(_matching(texts, other.ids)):
            words = [word for id_ in ids[:_NAMED] for word in ("--from-id", id_)]
            has = f"{other.path.name} beside this database has {first_few(ids, _NAMED)}"
            yield f"{has}: {other.what_to_do(len(ids), *words)}"
    files, unreadable = left_behind_files(store)
    if ids := _matching(texts, files):
        yield f"only the JSON storage of opencode before 1.2 has {first_few(ids, _NAMED)}: {files[ids[0]]}"
    yield from (f"nobody can tell what is in JSON storage: {reason}" for reason in unreadable)


def _unread(other: OtherDatabase) -> str:
    return f"{other.path.name} beside this database can't be read ({other.unread}), so nobody can tell what it has"


def _matching(texts: Collection[str], ids: Iterable[str]) -> list[str]:
    return [id_ for id_ in ids if any(text and id_.startswith(text) for text in texts)]
