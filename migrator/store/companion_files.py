"""The files that opencode keeps of a session in its data directory, outside of the database and of snapshots.

- `storage/session_diff/ID.json`: the changes of the session as versions up to 1.15.13 show them. 1.18.34 only writes
  it, at each undo, and leaves it there when the session is deleted.
- `tool-output/tool_ID`: the whole of an output that was too long for its row (of more than 2,000 lines or 50 kB). The
  row names it by its absolute path, twice: in `state.metadata.outputPath` (`state.outputPaths` in opencode 2), and in
  the text that tells the model to read it there. opencode deletes those that were written more than a week ago.

Seen with 1.18.34; read in the code of 1.3.2 to 1.18.34.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from migrator.disk.status import names_in
from migrator.store.sql import IN, array_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from migrator.store.reader import Store

_DIFFS = "storage/session_diff"
OUTPUTS = "tool-output"
_OUTPUT = re.compile(r'"((?:/|[A-Za-z]:|\\\\)(?:[^"\\]|\\.)*?[/\\]tool-output(?:/|\\\\)(tool_\w+))"')
"""A whole string of JSON that is the absolute path of an output, and its name; also of Windows."""

_COMPANION = re.compile(rf"[/\\]({_DIFFS}/[^/\\]+\.json|{OUTPUTS}/tool_[^/\\]+)\Z")
"""A path that ends with the name of such a file."""


def is_companion(data: Path, source: str, target: str) -> bool:
    """Tell whether `source` is such a file in the data directory `data`, and `target` has its name in another one."""
    found = _COMPANION.search(target)
    return found is not None and source == os.path.join(data, found[1])


def companion_names(store: Store, data: Path, sessions: Collection[str]) -> set[tuple[str, str]]:
    """Return (path below the data directory `data`, session) of each file of these sessions that is there.

    A long output may be of several, as a fork names those of the session that it was made of. Raises CantTell if the
    directory can't be read. Rows are searched only if there are outputs at all; mostly they were deleted long ago.
    """
    there = set(names_in(data / _DIFFS))
    found = {(f"{_DIFFS}/{id_}.json", id_) for id_ in sessions if f"{id_}.json" in there}
    if outputs := {name for name in names_in(data / OUTPUTS) if name.startswith("tool_")}:
        for _, _, session, text in rows_naming_outputs(store, sessions):
            names = {name for _, name in _OUTPUT.findall(text)}
            found |= {(f"{OUTPUTS}/{name}", session) for name in names & outputs}
    return found


def with_outputs_at(text: str, targets: Mapping[str, str]) -> str:
    """Return the JSON of a row with the paths of long outputs as `targets` has them, by the names of the files."""
    for path, name in set(_OUTPUT.findall(text)):
        if name in targets:
            text = text.replace(path, json.dumps(targets[name], ensure_ascii=False)[1:-1])
    return text


def without_directory_of_outputs(data: bytes) -> bytes:
    """Return the JSON of a row with the names of long outputs instead of their paths, which no two homes have alike."""
    if OUTPUTS.encode() in data:
        for path, name in set(_OUTPUT.findall(data.decode(errors="surrogateescape"))):
            data = data.replace(path.encode(errors="surrogateescape"), name.encode())
    return data


def outputs_named(store: Store, paths: Collection[str]) -> set[str]:
    """Return which of these paths of long outputs are named by rows of any session."""
    wanted = {json.dumps(path, ensure_ascii=False)[1:-1]: path for path in paths if f"{OUTPUTS}{os.sep}" in path}
    found: set[str] = set()
    for table in store.schema.turn_tables if wanted else ():
        sql = f"SELECT data FROM main.{table} WHERE typeof(data) = 'text' AND instr(data, '{OUTPUTS}')"
        for (text,) in store.each_row(sql, []):
            found |= {wanted[path] for path, _ in _OUTPUT.findall(text) if path in wanted}
    return found


def rows_naming_outputs(store: Store, sessions: Iterable[str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield (table, id, session, data) of each row of these sessions that may name a long output."""
    wanted = array_of(sessions)
    for table in store.schema.turn_tables:
        sql = f"SELECT id, session_id, data FROM main.{table} WHERE session_id {IN} AND typeof(data) = 'text'"
        rows = store.rows(f"{sql} AND instr(data, '{OUTPUTS}')", [wanted])
        yield from ((table, *row) for row in rows)
