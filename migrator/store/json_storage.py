"""Sessions in the JSON files of opencode before 1.2 that a database doesn't have.

Learnt from 1.0.61 to 1.18.34: 1.2 to 1.15 import JSON storage once, when there is no database yet, and leave the files
where they are; 1.17 and later never do. So what is in the files and not in the database stays outside it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from migrator.disk.bounded import read_file
from migrator.disk.data_directory import data_directory
from migrator.disk.status import names_in
from migrator.errors import CantTell
from migrator.model import Binding, Session

if TYPE_CHECKING:
    from pathlib import Path

    from migrator.store.reader import Store

_LARGEST = 1 << 24
LEFT_BEHIND_JSON = "left-behind-json"
"""The name of the orphan rule that finds what is only there."""


class LeftBehind(NamedTuple):
    """A session in JSON storage that is not in the database; title and directory are "" where the file is damaged.

    `imported_others`: sessions of the same project are in the database, so this one may have been deleted since. An
    import that leaves out whole projects is known (1.2.15 skips those without a project file).
    """

    session: Session
    file: str
    damage: str | None
    imported_others: bool


class JsonFiles(NamedTuple):
    """The files of sessions in JSON storage by session id, and in words which directories of it can't be read."""

    files: dict[str, Path]
    unreadable: tuple[str, ...]

    @property
    def storages(self) -> list[Path]:
        """The storages that they are in."""
        return sorted({file.parents[2] for file in self.files.values()})


def json_files(store: Store) -> JsonFiles:
    """Return the sessions in the JSON storages that belong to a database; nothing is read but names."""
    beside = {store.path.parent / "storage"}
    data = data_directory()
    if (data / store.path.name).resolve() == store.path:  # the database itself may be a link to another disk
        beside.add(data.resolve() / "storage")
    files: dict[str, Path] = {}
    unreadable: list[str] = []
    for sessions in (storage / "session" for storage in sorted(beside)):
        for folder in (sessions / name for name in _names(sessions, unreadable)):
            named = (name for name in _names(folder, unreadable) if name.startswith("ses_") and name.endswith(".json"))
            files |= {name.removesuffix(".json"): folder / name for name in named}
    return JsonFiles(files, tuple(unreadable))


def _names(directory: Path, unreadable: list[str]) -> list[str]:
    """Return the names in a directory; of one that can't be read none, and note it."""
    try:
        return names_in(directory)
    except CantTell as error:
        unreadable.append(str(error))
        return []


def left_behind_files(store: Store) -> JsonFiles:
    """Return the sessions that only JSON storage has, by id."""
    files, unreadable = json_files(store)
    known = store.existing(files) if files else set()
    return JsonFiles({id_: file for id_, file in sorted(files.items()) if id_ not in known}, unreadable)


def left_behind(store: Store) -> list[LeftBehind]:
    """Read the sessions that only JSON storage has, by id."""
    left = left_behind_files(store).files
    imported = {file.parent for id_, file in json_files(store).files.items() if id_ not in left}
    return [_read(id_, file, file.parent in imported) for id_, file in left.items()]


def _read(id_: str, file: Path, imported_others: bool) -> LeftBehind:
    try:
        content = json.loads(read_file(file, _LARGEST))
        damage = None if isinstance(content, dict) else "it holds no JSON object"
    except OSError as error:
        content, damage = None, f"it can't be read: {error.strerror}"
    except (ValueError, RecursionError) as error:
        content, damage = None, f"it can't be read: {error}"
    found: dict[str, Any] = content if isinstance(content, dict) else {}
    time = found.get("time")
    times: dict[str, Any] = time if isinstance(time, dict) else {}
    # Listing goes by the folder, whatever the file says (1.0.61, 1.1.65).
    binding = Binding(file.parent.name, _text(found.get("directory")) or "")
    parent, title = _text(found.get("parentID")), _text(found.get("title")) or ""
    created, updated = _milliseconds(times.get("created")), _milliseconds(times.get("updated"))
    session = Session(id_, parent, title, binding, created, updated)
    return LeftBehind(session, str(file), damage, imported_others)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _milliseconds(value: object) -> int:
    return value if isinstance(value, int) else 0
